'use client'
/** Switches a chart to its numbers as a table, and back. */
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'

export interface TableToggleProps {
  readonly title: string
  readonly isTable: boolean
  readonly onChange: (isTable: boolean) => void
}

export function TableToggle({ title, isTable, onChange }: TableToggleProps) {
  const { chart } = useBudStrings()
  return (
    <button
      type="button"
      className="bud-button bud-button-ghost bud-button-icon"
      aria-pressed={isTable}
      aria-label={`${chart.showTable}: ${title}`}
      title={isTable ? chart.showChart : chart.showTable}
      onClick={() => {
        onChange(!isTable)
      }}
    >
      <Icon name={isTable ? 'chart' : 'table'} />
    </button>
  )
}
