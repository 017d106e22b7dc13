'use client'
/** What was predicted for a deployment beside what its requests measured: inside the interval or not, and on how many requests that rests. */
import type { DeploymentPlan, Interval } from '@bud-foundry/core'
import type { ClusterDeployment } from '../client/cluster-client.ts'
import type { TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { useClusterDeployments } from '../hook/use-clusters.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { simWords } from './sim-words.ts'

const lastHour: TimeWindow = { last: '1h' }
/** Fewer say little about a median. */
const requestsMin = 20

export interface PredictedMeasuredProps extends UseAskOptions {
  readonly clusterId: string
  readonly window?: TimeWindow | undefined
}

export function PredictedMeasured({ clusterId, window = lastHour, refreshMs }: PredictedMeasuredProps) {
  const words = useWords('sim', simWords)
  const deployments = useClusterDeployments(clusterId)
  return (
    <Panel title={words.predictedMeasured}>
      <Loaded
        resource={deployments}
        isEmpty={(data) => data.every(({ plan }) => plan === undefined)}
        empty={{ title: words.nothingDeployed, hint: words.nothingDeployedHint }}
      >
        {(data) => (
          <ul className="bud-cards">
            {data
              .flatMap(({ plan, ...each }) => (plan === undefined ? [] : [{ ...each, plan }]))
              .map((each) => (
                <li key={each.deployment.name}>
                  <DeploymentAccuracy deployment={each} window={window} refreshMs={refreshMs} />
                </li>
              ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

interface DeploymentAccuracyProps extends UseAskOptions {
  readonly deployment: ClusterDeployment & { readonly plan: DeploymentPlan }
  readonly window: TimeWindow
}

function DeploymentAccuracy({ deployment: { deployment, plan, replicas }, window, refreshMs }: DeploymentAccuracyProps) {
  const words = useWords('sim', simWords)
  const format = useBudFormat()
  const targets = Array.from({ length: Math.max(replicas, 1) }, (_, index) => `${deployment.name}-${String(index + 1)}`)
  const { data } = useAsk(
    { measure: ['requests', 'timeToFirstTokenMsP50', 'timePerOutputTokenMsP50'], window, filters: { targetId: targets } },
    { refreshMs },
  )
  const values = data?.rows[0]?.values ?? {}
  const requests = values['requests'] ?? 0
  return (
    <article className="bud-card" aria-label={deployment.name}>
      <header className="bud-card-head">
        <b>{deployment.name}</b>
        <span className="bud-muted">{words.restsOn(format.count(requests))}</span>
      </header>
      <dl className="bud-measures">
        <Compared
          name={words.firstToken}
          predicted={plan.predicted.timeToFirstTokenMs}
          measured={values['timeToFirstTokenMsP50']}
          requests={requests}
        />
        <Compared
          name={words.perToken}
          predicted={plan.predicted.timePerOutputTokenMs}
          measured={values['timePerOutputTokenMsP50']}
          requests={requests}
        />
      </dl>
      <p className="bud-card-note">{words.loadDiffers}</p>
    </article>
  )
}

interface ComparedProps {
  readonly name: string
  readonly predicted: Interval
  readonly measured: number | null | undefined
  readonly requests: number
}

function Compared({ name, predicted, measured, requests }: ComparedProps) {
  const words = useWords('sim', simWords)
  const { common } = useBudStrings()
  const format = useBudFormat()
  const isInside = measured !== undefined && measured !== null && measured >= predicted.low && measured <= predicted.high
  const end = Math.max(predicted.high, measured ?? 0) * 1.15
  const toX = (value: number) => (value / end) * 100
  const verdict =
    requests < requestsMin || measured === undefined || measured === null ? words.tooFew : isInside ? words.within : words.outside
  return (
    <div className="bud-measure bud-compared">
      <dt>{name}</dt>
      <dd>
        <b>{measured === undefined || measured === null ? common.none : format.duration(measured)}</b>
        <span className="bud-muted">
          {words.predicted}: {format.duration(predicted.low)} – {format.duration(predicted.high)}
        </span>
        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect className="bud-compared-interval" x={toX(predicted.low)} width={toX(predicted.high - predicted.low)} y="1" height="4" />
          <rect className="bud-compared-mid" x={toX(predicted.mid)} width="0.5" height="6" />
          {measured === undefined || measured === null ? null : (
            <rect className="bud-compared-measured" data-inside={isInside} x={toX(measured)} width="1" height="6" />
          )}
        </svg>
        <span className="bud-badge" data-tone={requests < requestsMin ? undefined : isInside ? 'good' : 'warning'}>
          {verdict}
        </span>
      </dd>
    </div>
  )
}
