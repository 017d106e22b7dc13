'use client'
/** "Explain this number": what a measure means, how exact it is, and what it rests on, in the server's own words. */
import { useRef } from 'react'
import type { Answer, DistributionQuestion, Question } from '../client/ask.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useMeasures } from '../hook/use-ask.ts'
import { Icon } from '../icon/icon.tsx'
import { useDismiss } from '../part/use-dismiss.ts'
import { toMeasureName } from './measure-text.ts'

export interface ExplainProps {
  readonly title: string
  readonly measures: readonly string[]
  /** The answer that is shown, for the number of requests behind it. */
  readonly answer?: Answer | undefined
  /** What the server was asked, so that anyone can ask it again. */
  readonly question?: Question | DistributionQuestion | undefined
}

export function Explain({ title, measures, answer, question }: ExplainProps) {
  const strings = useBudStrings()
  const { metrics } = strings
  const format = useBudFormat()
  const place = useRef<HTMLDetailsElement>(null)
  useDismiss(place)
  const known = useMeasures().data?.measures ?? []
  const count = (name: string) => answer?.rows.reduce((sum, row) => sum + (row.counts[name] ?? 0), 0) ?? 0
  return (
    <details ref={place} className="bud-menu bud-explain">
      <summary className="bud-button bud-button-ghost bud-button-icon" aria-label={metrics.explain(title)} title={metrics.explain(title)}>
        <Icon name="info" />
      </summary>
      <dl className="bud-menu-list bud-explain-list">
        {measures.map((name) => {
          const measure = known.find((each) => each.name === name)
          const requests = count(name)
          const bound = answer?.measures[name]?.errorBound ?? measure?.errorBound
          return (
            <div key={name}>
              <dt>{toMeasureName(name, strings)}</dt>
              <dd>
                {[
                  measure?.definition ?? name,
                  bound === undefined ? '' : bound === 0 ? metrics.exact : metrics.errorBound(format.percent(bound)),
                  requests === 0 ? '' : metrics.restsOn(format.count(requests)),
                  measure === undefined || ['', 'never'].includes(measure.nullMeans) ? '' : metrics.nullMeans(measure.nullMeans),
                ]
                  .filter((each) => each !== '')
                  .join(' ')}
              </dd>
            </div>
          )
        })}
        {question === undefined ? null : (
          <div>
            <dt>{metrics.asked}</dt>
            <dd>
              <code className="bud-explain-question">{JSON.stringify(question)}</code>
            </dd>
          </div>
        )}
      </dl>
    </details>
  )
}
