/** What stands around every story: a client whose server is scripted, fixed words and times, theme, direction and width. */
import { useMemo, type ReactNode } from 'react'
import { BudProvider, BudRoot } from '../../src/index.ts'
import { createScriptedClient, type Answers } from './scripted-client.ts'

export const variants = {
  light: { theme: 'light', dir: 'ltr', contrast: 'auto', isNarrow: false },
  dark: { theme: 'dark', dir: 'ltr', contrast: 'auto', isNarrow: false },
  rtl: { theme: 'light', dir: 'rtl', contrast: 'auto', isNarrow: false },
  narrow: { theme: 'light', dir: 'ltr', contrast: 'auto', isNarrow: true },
  contrast: { theme: 'light', dir: 'ltr', contrast: 'more', isNarrow: false },
} as const
export type VariantName = keyof typeof variants

export interface FrameProps {
  readonly variant: VariantName
  readonly answers?: Answers | undefined
  readonly children: ReactNode
}

export function Frame({ variant, answers, children }: FrameProps) {
  const { theme, dir, contrast, isNarrow } = variants[variant]
  const client = useMemo(() => createScriptedClient(answers), [answers])
  return (
    <BudProvider client={client} locale="en" timeZone="UTC">
      <BudRoot theme={theme} dir={dir} contrast={contrast} className="story-frame">
        <div className={isNarrow ? 'story-narrow' : undefined}>{children}</div>
      </BudRoot>
    </BudProvider>
  )
}
