'use client'
/** Plans as columns, measures as rows: what each wins and what it costs against the first. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import type { Format } from '../format/format.ts'
import { EmptyNotice } from '../part/notice.tsx'
import { Panel } from '../part/loaded.tsx'
import { toPlanTitle } from '../plan-list/plan-title.ts'
import { simWords } from './sim-words.ts'

/** More columns are not read. */
const plansMax = 5

interface Measure {
  readonly name: string
  readonly value: (plan: DeploymentPlan) => number | undefined
  readonly write: (value: number) => string
  /** What is better; it decides the colour of a change. */
  readonly better: 'more' | 'less'
}

function toMeasures(words: typeof simWords, format: Format): readonly Measure[] {
  return [
    { name: words.throughput, value: ({ predicted }) => predicted.outputTokensPerSecond.mid, write: format.decimal, better: 'more' },
    { name: words.firstToken, value: ({ predicted }) => predicted.timeToFirstTokenMs.mid, write: format.duration, better: 'less' },
    { name: words.perToken, value: ({ predicted }) => predicted.timePerOutputTokenMs.mid, write: format.duration, better: 'less' },
    { name: words.perHour, value: ({ cost }) => cost?.usdPerHour, write: format.usd, better: 'less' },
    { name: words.perMillion, value: ({ cost }) => cost?.usdPerMillionOutputTokens, write: format.usd, better: 'less' },
    { name: words.memory, value: ({ memoryPerDevice }) => usedShare(memoryPerDevice), write: format.percent, better: 'less' },
  ]
}

function usedShare({
  weightsBytes,
  kvCacheBytes,
  activationsBytes,
  overheadBytes,
  capacityBytes,
}: DeploymentPlan['memoryPerDevice']): number {
  return (weightsBytes + kvCacheBytes + activationsBytes + overheadBytes) / Math.max(capacityBytes, 1)
}

export function PlanComparison({ plans }: { readonly plans: readonly DeploymentPlan[] }) {
  const words = useWords('sim', simWords)
  const strings = useBudStrings()
  const format = useBudFormat()
  const shown = plans.slice(0, plansMax)
  const [first] = shown
  if (first === undefined) return <EmptyNotice title={words.empty} hint={words.emptyHint} />
  return (
    <Panel title={words.compare}>
      <div className="bud-scroll" tabIndex={0} role="group" aria-label={words.compare}>
        <table className="bud-table bud-comparison">
          <caption className="bud-hidden">{words.compare}</caption>
          <thead>
            <tr>
              <th scope="col">{words.measure}</th>
              {shown.map((plan, index) => (
                <th key={index} scope="col" className="bud-number">
                  {words.plan(format.count(index + 1))}
                  <span className="bud-comparison-name">{toPlanTitle(plan, strings)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {toMeasures(words, format).map((measure) => (
              <tr key={measure.name}>
                <th scope="row">{measure.name}</th>
                {shown.map((plan, index) => (
                  <td key={index} className="bud-number">
                    <Value measure={measure} plan={plan} first={index === 0 ? undefined : first} />
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">{words.objective}</th>
              {shown.map(({ objective, predicted }, index) => (
                <td key={index} className="bud-number">
                  {objective === undefined ? (
                    <span className="bud-muted">{words.none}</span>
                  ) : (
                    <span className="bud-badge" data-tone={predicted.meetsObjective ? 'good' : 'warning'}>
                      {predicted.meetsObjective ? words.met : words.missed}
                    </span>
                  )}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface ValueProps {
  readonly measure: Measure
  readonly plan: DeploymentPlan
  readonly first: DeploymentPlan | undefined
}

function Value({ measure, plan, first }: ValueProps) {
  const words = useWords('sim', simWords)
  const { common } = useBudStrings()
  const format = useBudFormat()
  const value = measure.value(plan)
  const base = first === undefined ? undefined : measure.value(first)
  if (value === undefined) return common.none
  const change = base === undefined || base === 0 ? 0 : value / base - 1
  const isBetter = measure.better === 'more' ? change > 0 : change < 0
  return (
    <>
      <b>{measure.write(value)}</b>
      {Math.abs(change) < 0.005 ? null : (
        <span className="bud-comparison-change" data-tone={isBetter ? 'good' : 'bad'} title={words.against(format.change(change))}>
          {format.change(change)}
        </span>
      )}
    </>
  )
}
