'use client'
/** A service level: how much of the error budget is left, and how fast it burns over a short and a long window. */
import type { Answer, Question } from '../client/ask.ts'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { MetricChart } from '../metric/metric-chart.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { observeWords } from './observe-words.ts'

export interface SloPanelProps extends UseAskOptions {
  readonly title?: string | undefined
  /** Share of requests that must be good, below 1: 0.99. */
  readonly goal: number
  /** What good means besides success; absent: success alone. */
  readonly slo?: Question['slo']
  /** Whose budget it is; default 7 days. */
  readonly window?: { readonly last: string } | undefined
  readonly filters?: Question['filters']
}

const week = { last: '7d' }
/** Alert thresholds of the SRE workbook: 14.4× spends two percent of a 30-day budget in an hour, 6× five percent in six. */
const burns = [
  { last: '1h', alertsAt: 14.4 },
  { last: '6h', alertsAt: 6 },
  { last: '24h', alertsAt: 3 },
] as const

export function SloPanel({ title, goal, slo, window = week, filters, refreshMs }: SloPanelProps) {
  const words = useWords('observe', observeWords)
  const format = useBudFormat()
  const measure = slo === undefined ? 'successShare' : 'goodShare'
  const question = (last: string): Question => ({
    measure: [measure, 'requests'],
    window: { last },
    filters,
    ...(slo === undefined ? {} : { slo }),
  })
  const whole = useAsk(question(window.last), { refreshMs })
  const conditions = [
    words.succeeded,
    slo?.timeToFirstTokenMs === undefined ? undefined : words.firstToken(format.duration(slo.timeToFirstTokenMs)),
    slo?.timePerOutputTokenMs === undefined ? undefined : words.perToken(format.duration(slo.timePerOutputTokenMs)),
  ].filter((each) => each !== undefined)
  return (
    <Panel title={title ?? words.slo} className="bud-slo">
      <div className="bud-slo-body">
        <p className="bud-card-facts">
          {words.sloGoal(format.percent(goal))} {words.sloWithin(conditions.join(', '))}
        </p>
        <Loaded resource={whole} isEmpty={(answer) => shareOf(answer, measure) === undefined} empty={{ title: words.noTraffic }}>
          {(answer) => <Budget share={shareOf(answer, measure) ?? 1} goal={goal} />}
        </Loaded>
        <ul className="bud-burns">
          {burns.map(({ last, alertsAt }) => (
            <Burn
              key={last}
              question={question(last)}
              last={last}
              measure={measure}
              goal={goal}
              alertsAt={alertsAt}
              refreshMs={refreshMs}
            />
          ))}
        </ul>
        <p className="bud-card-facts">{words.burnHint}</p>
        {slo === undefined ? (
          <MetricChart title={words.succeeded} measures={['successShare']} window={window} filters={filters} refreshMs={refreshMs} />
        ) : null}
      </div>
    </Panel>
  )
}

function shareOf(answer: Answer | undefined, measure: string): number | undefined {
  const row = answer?.rows[0]
  return (row?.values['requests'] ?? 0) === 0 ? undefined : (row?.values[measure] ?? undefined)
}

/** Exported for tests: what is left of the budget, 1 for all of it, below 0 when it is overspent. */
export function budgetLeft(share: number, goal: number): number {
  return 1 - (1 - share) / Math.max(1 - goal, 1e-9)
}

function Budget({ share, goal }: { readonly share: number; readonly goal: number }) {
  const words = useWords('observe', observeWords)
  const format = useBudFormat()
  const left = budgetLeft(share, goal)
  return (
    <div className="bud-meter" data-tone={left < 0 ? 'bad' : left < 0.25 ? 'warning' : 'good'}>
      <p>
        <b className="bud-slo-share">{format.share(share)}</b>
        <span>{left < 0 ? words.budgetGone(format.percent(-left)) : words.budgetLeft(format.percent(left))}</span>
      </p>
      <div className="bud-meter-track" aria-hidden="true">
        <svg viewBox="0 0 100 4" preserveAspectRatio="none">
          <rect className="bud-meter-fill" width={Math.min(Math.max(left, 0), 1) * 100} height="4" />
        </svg>
      </div>
    </div>
  )
}

interface BurnProps extends UseAskOptions {
  readonly question: Question
  readonly last: string
  readonly measure: string
  readonly goal: number
  readonly alertsAt: number
}

function Burn({ question, last, measure, goal, alertsAt, refreshMs }: BurnProps) {
  const words = useWords('observe', observeWords)
  const { common, timeRange } = useBudStrings()
  const format = useBudFormat()
  const { data } = useAsk(question, { refreshMs })
  const share = shareOf(data, measure)
  const rate = share === undefined ? undefined : (1 - share) / Math.max(1 - goal, 1e-9)
  const isAlerting = rate !== undefined && rate >= alertsAt
  return (
    <li>
      <span className="bud-muted">{words.burn(timeRange.lengths[last] ?? last)}</span>
      <b>{rate === undefined ? common.none : words.burnRate(format.decimal(rate))}</b>
      <span className="bud-badge" data-tone={rate === undefined ? undefined : isAlerting ? 'bad' : 'good'}>
        {rate === undefined ? words.noTraffic : isAlerting ? words.alerting : words.steady}
      </span>
    </li>
  )
}
