/** Ctrl or ⌘ and K: go to a page, open a request by its id, choose a theme. */
import { timeRangeLengths } from '@bud-foundry/react/time-range'
import { useEffect, useId, useRef, useState, type KeyboardEvent as ReactKeyboardEvent } from 'react'
import { go, pageNames, pages, type Route } from './route.ts'
import { themes, type Theme } from './theme.ts'

interface Command {
  readonly name: string
  readonly run: () => void
}

export interface CommandPaletteProps {
  readonly route: Route
  readonly onTheme: (theme: Theme) => void
}

export const paletteEvent = 'bud-console-palette'

export function CommandPalette({ route, onTheme }: CommandPaletteProps) {
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setIsOpen((was) => !was)
    }
    const open = () => {
      setIsOpen(true)
    }
    addEventListener('keydown', onKeyDown)
    addEventListener(paletteEvent, open)
    return () => {
      removeEventListener('keydown', onKeyDown)
      removeEventListener(paletteEvent, open)
    }
  }, [])
  return isOpen ? <Palette route={route} onTheme={onTheme} onClose={() => setIsOpen(false)} /> : null
}

function toCommands({ route, onTheme }: CommandPaletteProps, text: string): readonly Command[] {
  const known: readonly Command[] = [
    ...pages.map((page) => ({
      name: `Go to ${pageNames[page]}`,
      run: () => go({ ...route, page, requestId: undefined, clusterId: undefined, outcome: undefined, model: undefined }),
    })),
    ...timeRangeLengths.map((range) => ({ name: `Look back ${range}`, run: () => go({ ...route, range }) })),
    ...themes.map((theme) => ({ name: `Theme: ${theme}`, run: () => onTheme(theme) })),
  ]
  const words = text.toLowerCase().split(/\s+/)
  const found = known.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
  const id = text.trim()
  const opens = id.length > 8 && !id.includes(' ')
  return opens ? [...found, { name: `Open request ${id}`, run: () => go({ ...route, page: 'requests', requestId: id }) }] : found
}

function Palette({ onClose, ...props }: CommandPaletteProps & { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const place = useRef<HTMLDialogElement>(null)
  const listId = useId()
  const commands = toCommands(props, text)
  const chosen = Math.min(at, commands.length - 1)
  useEffect(() => {
    const element = place.current
    element?.showModal()
    return () => {
      element?.close()
    }
  }, [])
  const run = (command: Command | undefined) => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: ReactKeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt((chosen + step + commands.length) % Math.max(commands.length, 1))
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      run(commands[chosen])
    }
  }
  return (
    <dialog ref={place} className="bud palette" aria-label="Commands" onCancel={onClose} onClose={onClose}>
      <input
        className="palette-input"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={commands.length === 0 ? undefined : `${listId}-${String(chosen)}`}
        placeholder="Go to, look back, theme, or the id of a request"
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={listId} className="palette-list" role="listbox" aria-label="Commands">
        {commands.map((command, index) => (
          <li
            key={command.name}
            id={`${listId}-${String(index)}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            {command.name}
          </li>
        ))}
      </ul>
      {commands.length === 0 ? <p className="palette-none">Nothing is called that.</p> : null}
    </dialog>
  )
}
