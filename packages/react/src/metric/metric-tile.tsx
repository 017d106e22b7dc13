'use client'
/** One measure over a window: its value, the change against the window before, its course. */
import type { MeasureName, Question, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { StatTile } from '../stat-tile/stat-tile.tsx'
import { Explain } from './explain.tsx'
import { toInterval } from './interval.ts'
import { toMeasureName, toWriter, unitOf } from './measure-text.ts'

export interface MetricTileProps extends UseAskOptions {
  readonly measure: MeasureName
  /** Default the last hour. */
  readonly window?: TimeWindow | undefined
  readonly filters?: Question['filters']
  /** Default: the measure's name. */
  readonly label?: string | undefined
}

const lastHour: TimeWindow = { last: '1h' }

export function MetricTile({ measure, window = lastHour, filters, label, refreshMs }: MetricTileProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const shared = { measure: [measure], window, filters } as const
  const question: Question = { ...shared, compare: 'previous' }
  const whole = useAsk(question, { refreshMs })
  const course = useAsk({ ...shared, interval: toInterval(window, 60) }, { refreshMs })
  const row = whole.data?.rows[0]
  const value = row?.values[measure]
  const before = row?.previous[measure]
  const change = row?.changes[measure]
  const write = toWriter(unitOf(whole.data, measure), format)
  const detail =
    before === undefined || before === null
      ? undefined
      : change === undefined || change === null
        ? strings.metrics.previously(write(before))
        : strings.metrics.change(format.change(change), write(before))
  return (
    <StatTile
      label={label ?? toMeasureName(measure, strings)}
      value={value === undefined || value === null ? strings.common.none : write(value)}
      detail={detail}
      error={whole.status === 'error' ? (whole.error?.message ?? strings.common.failed) : undefined}
      isLoading={whole.status === 'loading'}
      trend={course.data?.rows.map(({ values }) => values[measure] ?? null) ?? []}
      isStale={whole.isStale}
      actions={<Explain title={label ?? toMeasureName(measure, strings)} measures={[measure]} answer={whole.data} question={question} />}
    />
  )
}
