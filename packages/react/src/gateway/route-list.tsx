'use client'
/** Each model with its targets: whether they answer, and how the traffic is split between them. */
import type { Answer, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useAsk } from '../hook/use-ask.ts'
import { useRoutes, type GatewayRoute } from '../hook/use-routes.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { gatewayWords } from './gateway-words.ts'

const recently: TimeWindow = { last: '15m' }
/** Targets of all models together. */
const targetsMax = 200

export interface RouteListProps {
  /** Of the traffic; default the last 15 minutes. */
  readonly window?: TimeWindow | undefined
}

export function RouteList({ window = recently }: RouteListProps) {
  const words = useWords('gateway', gatewayWords)
  const routes = useRoutes()
  const { data: traffic } = useAsk(
    { measure: ['requests', 'successShare', 'timeToFirstTokenMsP50'], window, groupBy: ['model', 'targetId'], limit: targetsMax },
    { refreshMs: 5_000 },
  )
  return (
    <Panel title={words.routes} isBusy={routes.status === 'loading'}>
      <Loaded resource={routes} isEmpty={(data) => data.length === 0} empty={{ title: words.noRoutes, hint: words.noRoutesHint }}>
        {(data) => (
          <ul className="bud-cards">
            {data.map((route) => (
              <li key={route.model}>
                <RouteCard route={route} traffic={traffic} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

const tones = ['accent', 'second', 'third', 'fourth', 'fifth', 'neutral'] as const

function RouteCard({ route: { model, policy, targets }, traffic }: { readonly route: GatewayRoute; readonly traffic: Answer | undefined }) {
  const words = useWords('gateway', gatewayWords)
  const { common } = useBudStrings()
  const format = useBudFormat()
  const valuesOf = (id: string) => traffic?.rows.find(({ group }) => group['targetId'] === id && group['model'] === model)?.values ?? {}
  const total = targets.reduce((sum, { id }) => sum + (valuesOf(id)['requests'] ?? 0), 0)
  const rows = targets.map((target, index) => {
    const values = valuesOf(target.id)
    return { ...target, values, share: total === 0 ? 0 : (values['requests'] ?? 0) / total, tone: tones[index % tones.length] ?? 'neutral' }
  })
  const starts = rows.map((_, index) => rows.slice(0, index).reduce((sum, { share }) => sum + share, 0))
  return (
    <article className="bud-card" aria-label={model}>
      <header className="bud-card-head">
        <b>{model}</b>
        <span className="bud-badge">{policy}</span>
      </header>
      <svg className="bud-split" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        {rows.map(({ id, share, tone }, index) => (
          <rect key={id} data-tone={tone} x={(starts[index] ?? 0) * 100} width={share * 100} height="4" />
        ))}
      </svg>
      <p className="bud-hidden">{words.splitSummary(model, rows.map(({ id, share }) => `${id} ${format.percent(share)}`).join(', '))}</p>
      <div className="bud-scroll" tabIndex={0} role="group" aria-label={model}>
        <table className="bud-table bud-targets">
          <caption className="bud-hidden">{model}</caption>
          <thead>
            <tr>
              <th scope="col">{words.target}</th>
              <th scope="col">{words.state}</th>
              <th scope="col" className="bud-number">
                {words.share}
              </th>
              <th scope="col" className="bud-number">
                {words.success}
              </th>
              <th scope="col" className="bud-number">
                {words.firstToken}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, provider, isHealthy, inFlight, share, tone, values }) => (
              <tr key={id}>
                <th scope="row">
                  <span className="bud-split-mark" data-tone={tone} />
                  {id} <span className="bud-muted">{provider}</span>
                </th>
                <td>
                  <span className="bud-badge" data-tone={isHealthy === false ? 'bad' : isHealthy === true ? 'good' : undefined}>
                    {isHealthy === false ? words.unhealthy : isHealthy === true ? words.healthy : common.none}
                  </span>{' '}
                  {inFlight === undefined || inFlight === 0 ? null : (
                    <span className="bud-muted">{words.inFlight(format.count(inFlight))}</span>
                  )}
                </td>
                <td className="bud-number">{total === 0 ? common.none : format.percent(share)}</td>
                <td className="bud-number">{show(values['successShare'], format.percent, common.none)}</td>
                <td className="bud-number">{show(values['timeToFirstTokenMsP50'], format.duration, common.none)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </article>
  )
}

function show(value: number | null | undefined, write: (value: number) => string, none: string): string {
  return value === undefined || value === null ? none : write(value)
}
