/** Product name, tabs, server status and theme. */
import { LiveStatus } from '@bud-foundry/react/live-status'
import { ApiDialog } from './api-dialog.tsx'
import { Brand } from './brand.tsx'
import { paletteEvent } from './command-palette.tsx'
import { pageNames, pages, toHash, type Route } from './route.ts'
import { themes, type Theme } from './theme.ts'

export interface HeaderProps {
  readonly route: Route
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
}

const themeNames: Readonly<Record<Theme, string>> = { auto: 'System', light: 'Light', dark: 'Dark' }
const themeIcons: Readonly<Record<Theme, string>> = {
  auto: 'M2.5 3.5h11v7.5h-11zM6 13.5h4',
  light:
    'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  dark: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6Z',
}

export function Header({ route, theme, onTheme }: HeaderProps) {
  return (
    <header className="console-header">
      <a className="brand" href="#/">
        <Brand />
      </a>
      <nav className="tabs" aria-label="Pages">
        {pages.map((page) => (
          <a
            key={page}
            href={toHash({ page, range: route.range, project: route.project })}
            aria-current={page === route.page ? 'page' : undefined}
          >
            {pageNames[page]}
          </a>
        ))}
      </nav>
      <div className="console-header-end">
        <LiveStatus />
        <button type="button" className="bud-button bud-button-ghost palette-button" onClick={() => dispatchEvent(new Event(paletteEvent))}>
          Commands <kbd>Ctrl K</kbd>
        </button>
        <ApiDialog />
        <fieldset className="theme-switch">
          <legend>Theme</legend>
          {themes.map((each) => (
            <label key={each} title={themeNames[each]}>
              <input
                type="radio"
                name="theme"
                value={each}
                checked={each === theme}
                aria-label={themeNames[each]}
                onChange={() => {
                  onTheme(each)
                }}
              />
              <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
                <path d={themeIcons[each]} />
              </svg>
            </label>
          ))}
        </fieldset>
      </div>
    </header>
  )
}
