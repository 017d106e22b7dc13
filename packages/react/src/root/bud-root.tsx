/** The element that sets theme, density and direction for the widgets inside it. Optional: without it they follow the host page. */
import type { ReactNode } from 'react'

export interface BudRootProps {
  /** `auto` follows the reader's system. */
  readonly theme?: 'auto' | 'light' | 'dark'
  /** `more` draws every line and letter at full contrast; `auto` follows the reader's system. */
  readonly contrast?: 'auto' | 'more'
  readonly density?: 'comfortable' | 'compact'
  readonly dir?: 'ltr' | 'rtl'
  readonly className?: string
  readonly children?: ReactNode
}

export function BudRoot({ theme = 'auto', contrast = 'auto', density = 'comfortable', dir, className, children }: BudRootProps) {
  return (
    <div
      className={className === undefined ? 'bud bud-root' : `bud bud-root ${className}`}
      data-bud-theme={theme}
      data-bud-contrast={contrast}
      data-bud-density={density}
      dir={dir}
    >
      {children}
    </div>
  )
}
