'use client'
/** Measures by a dimension, the largest first: cost by model, requests by key, errors by class. */
import { useId, useState } from 'react'
import type { Answer, DimensionName, MeasureName, Question, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { Explain } from '../metric/explain.tsx'
import { toGroupName, toMeasureName, toWriter, unitOf } from '../metric/measure-text.ts'
import { CsvButton } from '../part/csv-button.tsx'
import { EmptyNotice, ErrorNotice } from '../part/notice.tsx'

export interface BreakdownProps {
  readonly title: string
  readonly dimension: string
  /** The first one is drawn as a bar. */
  readonly measures: readonly [string, ...string[]]
  readonly answer: Answer | undefined
  /** Names for values, e.g. of keys by their id. */
  readonly names?: Readonly<Record<string, string>> | undefined
}

export function Breakdown({ title, dimension, measures, answer, names = {} }: BreakdownProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const [first] = measures
  const rows = answer?.rows ?? []
  const high = Math.max(...rows.map(({ values }) => values[first] ?? 0), 0)
  if (rows.length === 0) return <EmptyNotice title={strings.metrics.empty} hint={strings.metrics.emptyHint} />
  return (
    <div className="bud-scroll" tabIndex={0} role="group" aria-label={title}>
      <table className="bud-table bud-breakdown">
        <caption className="bud-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.metrics.dimensions[dimension] ?? dimension}</th>
            {measures.map((name) => (
              <th key={name} scope="col" className="bud-number">
                {toMeasureName(name, strings)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ group, isOther, values }) => {
            const value = group[dimension] ?? ''
            const share = high > 0 ? (values[first] ?? 0) / high : 0
            return (
              <tr key={isOther ? '\u0000other' : value}>
                <th scope="row">
                  <span className="bud-breakdown-name">{names[value] ?? toGroupName(value, isOther, strings)}</span>
                  <svg className="bud-breakdown-bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                    <rect width={share * 100} height="1" />
                  </svg>
                </th>
                {measures.map((name) => {
                  const cell = values[name]
                  return (
                    <td key={name} className="bud-number">
                      {cell === undefined || cell === null ? strings.common.none : toWriter(unitOf(answer, name), format)(cell)}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

export interface LiveBreakdownProps extends UseAskOptions {
  readonly title: string
  readonly measures: readonly [MeasureName, ...MeasureName[]]
  /** Offered for choice; the first is shown. */
  readonly dimensions: readonly [DimensionName, ...DimensionName[]]
  /** Default the last hour. */
  readonly window?: TimeWindow | undefined
  readonly filters?: Question['filters']
  readonly orderBy?: Question['orderBy']
  /** Most rows; the rest become one more. Default 8. */
  readonly limit?: number | undefined
  readonly names?: Readonly<Record<string, string>> | undefined
}

const lastHour: TimeWindow = { last: '1h' }

export function LiveBreakdown({
  title,
  measures,
  dimensions,
  window = lastHour,
  filters,
  orderBy,
  limit = 8,
  names,
  refreshMs,
}: LiveBreakdownProps) {
  const strings = useBudStrings()
  const [dimension, setDimension] = useState<DimensionName>(dimensions[0])
  const titleId = useId()
  const question = { measure: measures, window, filters, groupBy: [dimension], limit, orderBy, other: true }
  const { data, status, error, isStale, reload } = useAsk(question, { refreshMs })
  const rows = data?.rows.filter(({ isOther, values }) => !isOther || (values[measures[0]] ?? 0) > 0) ?? []
  return (
    <section className="bud bud-panel bud-breakdown-panel" aria-labelledby={titleId} aria-busy={status === 'loading'} data-stale={isStale}>
      <header className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {title}
        </span>
        <span className="bud-panel-actions">
          {dimensions.length < 2 ? null : (
            <span className="bud-select-field">
              <select
                className="bud-select"
                aria-label={`${title}: ${strings.metrics.dimension}`}
                value={dimension}
                onChange={(event) => {
                  setDimension(dimensions.find((name) => name === event.target.value) ?? dimensions[0])
                }}
              >
                {dimensions.map((name) => (
                  <option key={name} value={name}>
                    {strings.metrics.dimensions[name] ?? name}
                  </option>
                ))}
              </select>
            </span>
          )}
          <Explain title={title} measures={measures} answer={data} question={question} />
          {rows.length === 0 ? null : (
            <CsvButton
              title={title}
              rows={() => [
                [strings.metrics.dimensions[dimension] ?? dimension, ...measures.map((name) => toMeasureName(name, strings))],
                ...rows.map(({ group, isOther, values }) => [
                  names?.[group[dimension] ?? ''] ?? toGroupName(group[dimension], isOther, strings),
                  ...measures.map((name) => String(values[name] ?? '')),
                ]),
              ]}
            />
          )}
        </span>
      </header>
      {status === 'error' ? (
        <ErrorNotice message={error?.message ?? ''} onRetry={reload} />
      ) : status === 'loading' ? (
        <p className="bud-loading">{strings.common.loading}</p>
      ) : (
        <Breakdown
          title={title}
          dimension={dimension}
          measures={measures}
          answer={data === undefined ? undefined : { ...data, rows }}
          names={names}
        />
      )}
      {isStale ? <p className="bud-stale">{strings.common.stale}</p> : null}
    </section>
  )
}
