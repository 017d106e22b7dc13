'use client'
/** How a quantity of the requests spreads over time, asked of the server. */
import type { DistributionQuestion, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useDistribution, type UseAskOptions } from '../hook/use-ask.ts'
import { Explain } from '../metric/explain.tsx'
import { toInterval } from '../metric/interval.ts'
import { toWriter } from '../metric/measure-text.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { Heatmap } from './heatmap.tsx'

export interface LiveHeatmapProps extends UseAskOptions {
  /** Default: the time to the first token. */
  readonly of?: DistributionQuestion['of'] | undefined
  readonly title?: string | undefined
  /** Default the last hour. */
  readonly window?: TimeWindow | undefined
  readonly filters?: DistributionQuestion['filters']
}

const lastHour: TimeWindow = { last: '1h' }
const none: readonly never[] = []

export function LiveHeatmap({ of = 'timeToFirstTokenMs', title, window = lastHour, filters, refreshMs }: LiveHeatmapProps) {
  const { heatmap } = useBudStrings()
  const format = useBudFormat()
  const question = { of, window, filters, interval: toInterval(window, 80) }
  const { data, status, error, isStale, reload } = useDistribution(question, { refreshMs })
  return (
    <Heatmap
      title={title ?? heatmap.latencyTitle}
      bounds={data?.bounds ?? none}
      rows={data?.rows ?? none}
      write={toWriter(of.endsWith('Ms') ? 'ms' : of === 'costUsd' ? 'usd' : 'tokens', format)}
      isStale={isStale}
      isLoading={status === 'loading'}
      actions={<Explain title={title ?? heatmap.latencyTitle} measures={[of]} question={question} />}
      notice={status === 'error' ? <ErrorNotice message={error?.message ?? ''} onRetry={reload} /> : undefined}
    />
  )
}
