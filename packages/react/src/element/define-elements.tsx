/** Widgets as custom elements in shadow DOM, for portals without React: the host's styles stay outside, the kit's inside. */
import { StrictMode, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { createBudClient, type BudClient } from '../client/client.ts'
import { Chat } from '../chat/chat.tsx'
import { LiveBreakdown } from '../breakdown/breakdown.tsx'
import { ClusterList } from '../cluster/cluster-list.tsx'
import { RouteList } from '../gateway/route-list.tsx'
import { LiveHeatmap } from '../heatmap/live-heatmap.tsx'
import { BudProvider } from '../hook/bud-provider.tsx'
import { LiveTail } from '../observe/live-tail.tsx'
import { LiveRequestTable } from '../request-table/request-table.tsx'
import { BudRoot } from '../root/bud-root.tsx'
import { SessionGate } from '../session/session-gate.tsx'
import { LiveTiles } from '../stat-tile/live-tiles.tsx'
import { LiveCharts } from '../time-series/live-charts.tsx'

/** What each element shows; by the name of its tag. */
const widgets: Readonly<Record<string, () => ReactNode>> = {
  'bud-breakdown': () => (
    <LiveBreakdown title="Traffic" measures={['requests', 'outputTokens', 'costUsd']} dimensions={['model', 'targetId', 'keyId']} />
  ),
  'bud-charts': () => <LiveCharts />,
  'bud-chat': () => <Chat />,
  'bud-clusters': () => <ClusterList />,
  'bud-heatmap': () => <LiveHeatmap />,
  'bud-requests': () => <LiveRequestTable hasMore />,
  'bud-routes': () => <RouteList />,
  'bud-tail': () => <LiveTail />,
  'bud-tiles': () => <LiveTiles />,
}

export interface ElementOptions {
  /** The kit's style sheet as text; goes into every shadow root. */
  readonly styles: string
  /** Default: one for each `base-url` on the page, with the browser's session. */
  readonly client?: BudClient | undefined
  /** Default: the page's. */
  readonly registry?: CustomElementRegistry | undefined
}

const themes = ['auto', 'light', 'dark'] as const

/**
 * Defines `<bud-tiles>`, `<bud-charts>`, `<bud-requests>`, `<bud-chat>`, `<bud-routes>`, `<bud-tail>`, `<bud-heatmap>`, `<bud-breakdown>` and
 * `<bud-clusters>`, those that are not defined yet. Attributes: `base-url`, `theme`, `dir`, `locale`, `time-zone`. For browsers only.
 */
export function defineBudElements({ styles, client, registry = customElements }: ElementOptions): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(styles)
  const clients = new Map<string, BudClient>()
  const clientFor = (baseUrl: string): BudClient => {
    const known = client ?? clients.get(baseUrl) ?? createBudClient({ baseUrl })
    clients.set(baseUrl, known)
    return known
  }
  for (const [name, render] of Object.entries(widgets)) {
    if (registry.get(name) === undefined) registry.define(name, createElementClass(render, sheet, clientFor))
  }
}

function createElementClass(render: () => ReactNode, sheet: CSSStyleSheet, clientFor: (baseUrl: string) => BudClient) {
  return class extends HTMLElement {
    static readonly observedAttributes = ['base-url', 'theme', 'dir', 'locale', 'time-zone']
    readonly #shadow = this.attachShadow({ mode: 'open' })
    #root: Root | undefined

    connectedCallback(): void {
      this.#shadow.adoptedStyleSheets = [sheet]
      this.#root = createRoot(this.#shadow)
      this.#draw()
    }

    disconnectedCallback(): void {
      this.#root?.unmount()
      this.#root = undefined
    }

    attributeChangedCallback(): void {
      this.#draw()
    }

    #draw(): void {
      const attribute = (name: string) => this.getAttribute(name) ?? undefined
      const theme = themes.find((each) => each === attribute('theme')) ?? 'auto'
      const dir = attribute('dir') === 'rtl' ? 'rtl' : 'ltr'
      this.#root?.render(
        <StrictMode>
          <BudProvider client={clientFor(attribute('base-url') ?? '')} locale={attribute('locale')} timeZone={attribute('time-zone')}>
            <BudRoot theme={theme} dir={dir}>
              <SessionGate>{render()}</SessionGate>
            </BudRoot>
          </BudProvider>
        </StrictMode>,
      )
    }
  }
}
