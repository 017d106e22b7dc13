'use client'
/** Saves the numbers of a picture as CSV, in full precision. */
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { save, toCsvText, toFileName } from './csv-file.ts'

export interface CsvButtonProps {
  readonly title: string
  /** The first row holds the names of the columns; asked when the button is pressed. */
  readonly rows: () => readonly (readonly string[])[]
}

export function CsvButton({ title, rows }: CsvButtonProps) {
  const { metrics } = useBudStrings()
  const label = `${metrics.export(title)}: ${metrics.exportCsv}`
  return (
    <button
      type="button"
      className="bud-button bud-button-ghost bud-button-icon"
      aria-label={label}
      title={label}
      onClick={() => save(new Blob([toCsvText(rows())], { type: 'text/csv' }), `${toFileName(title)}.csv`)}
    >
      <Icon name="download" />
    </button>
  )
}
