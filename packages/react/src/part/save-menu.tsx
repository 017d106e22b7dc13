'use client'
/** A menu of the kinds of files that something can be saved as. */
import { useRef, useState } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { save, toFileName } from './csv-file.ts'
import { useDismiss } from './use-dismiss.ts'

export interface FileKind {
  readonly label: string
  /** Of the file's name. */
  readonly ending: 'csv' | 'svg' | 'png'
  /** Asked when it is chosen; gets the menu, beside which the picture stands. */
  readonly make: (menu: HTMLElement) => Blob | Promise<Blob>
}

export interface SaveMenuProps {
  readonly title: string
  readonly isEmpty: boolean
  readonly kinds: readonly FileKind[]
}

export function SaveMenu({ title, isEmpty, kinds }: SaveMenuProps) {
  const { metrics } = useBudStrings()
  const menu = useRef<HTMLDetailsElement>(null)
  useDismiss(menu)
  // Most menus are never opened; their entries wait for it.
  const [isOpened, setIsOpened] = useState(false)
  const [hasFailed, setHasFailed] = useState(false)
  const run = async ({ make, ending }: FileKind) => {
    const place = menu.current
    if (place === null) return
    place.open = false
    setHasFailed(false)
    save(await make(place), `${toFileName(title)}.${ending}`)
  }
  return (
    <details ref={menu} className="bud-menu" onToggle={() => setIsOpened(true)}>
      <summary className="bud-button bud-button-ghost bud-button-icon" aria-label={metrics.export(title)} title={metrics.export(title)}>
        <Icon name={hasFailed ? 'warning' : 'download'} />
        <span className="bud-hidden" role="status">
          {hasFailed ? metrics.exportFailed : ''}
        </span>
      </summary>
      <div className="bud-menu-list">
        {!isOpened
          ? null
          : kinds.map((kind) => (
              <button
                key={kind.ending}
                type="button"
                className="bud-button bud-button-ghost"
                disabled={isEmpty}
                onClick={() => {
                  run(kind).catch(() => {
                    setHasFailed(true)
                  })
                }}
              >
                {kind.label}
              </button>
            ))}
      </div>
    </details>
  )
}
