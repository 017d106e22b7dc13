/** Light, dark or the system's choice, kept between visits. */
import { useState } from 'react'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => themes.find((each) => each === document.documentElement.dataset['theme']) ?? 'auto')
  const choose = (next: Theme) => {
    document.documentElement.dataset['theme'] = next
    setTheme(next)
    try {
      localStorage.setItem('bud-theme', next)
    } catch {
      // Storage is off in this browser; the choice then lasts until the page is closed.
    }
  }
  return [theme, choose]
}
