/** Tells when the theme may have changed: with the system, or with an attribute on an ancestor. One observer serves all charts of the page. */

type Listener = () => void

interface Watched {
  readonly ancestors: ReadonlySet<Element>
  readonly onChange: Listener
}

const watched = new Set<Watched>()
let observer: MutationObserver | undefined
let system: MediaQueryList | undefined

export function watchTheme(element: HTMLElement, onChange: Listener): () => void {
  const entry = { ancestors: ancestorsOf(element), onChange }
  if (watched.size === 0) {
    system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', tellAll)
    observer = new MutationObserver(tell)
  }
  watched.add(entry)
  // Observing the same node again changes nothing.
  for (const node of entry.ancestors) {
    observer?.observe(node, { attributes: true, attributeFilter: ['data-bud-theme', 'data-bud-contrast', 'data-theme', 'class', 'style'] })
  }
  return () => {
    watched.delete(entry)
    if (watched.size > 0) return
    system?.removeEventListener('change', tellAll)
    observer?.disconnect()
    observer = undefined
  }
}

function tellAll(): void {
  for (const { onChange } of watched) onChange()
}

function tell(records: readonly MutationRecord[]): void {
  const changed = new Set(records.map(({ target }) => target))
  for (const { ancestors, onChange } of watched) {
    if ([...changed].some((target) => target instanceof Element && ancestors.has(target))) onChange()
  }
}

/** Through shadow roots, up to the document. */
function ancestorsOf(element: Element): ReadonlySet<Element> {
  const found = new Set<Element>()
  for (let node: Node | null = element.parentNode; node !== null; node = node instanceof ShadowRoot ? node.host : node.parentNode) {
    if (node instanceof Element) found.add(node)
  }
  return found
}
