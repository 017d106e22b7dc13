'use client'
/** What deployments did under the load of their plans, run by run, beside what was predicted; another run is started from here. */
import type { Interval } from '@bud-foundry/core'
import { useMemo, useState } from 'react'
import type { ClusterBenchmark, ClusterDeployment } from '../client/cluster-client.ts'
import { DataTable, type DataColumn } from '../data-table/data-table.tsx'
import type { Format } from '../format/format.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useClusterBenchmarks, useClusterClient, useClusterDeployments } from '../hook/use-clusters.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { benchmarkWords } from './benchmark-words.ts'

export interface BenchmarkResultsProps {
  readonly clusterId: string
  /** Hears the operation that a run has started. */
  readonly onOperation?: ((id: string) => void) | undefined
}

export function BenchmarkResults({ clusterId, onOperation }: BenchmarkResultsProps) {
  const words = useWords('benchmarks', benchmarkWords)
  const format = useBudFormat()
  const results = useClusterBenchmarks(clusterId)
  const columns = useMemo(() => toColumns(words, format), [words, format])
  return (
    <Panel title={words.title} actions={<RunBenchmark clusterId={clusterId} onOperation={onOperation} />}>
      <Loaded resource={results} isEmpty={(data) => data.length === 0} empty={{ title: words.none, hint: words.noneHint }}>
        {(data) => <DataTable title={words.title} columns={columns} rows={data} rowId={({ id }) => id} />}
      </Loaded>
    </Panel>
  )
}

const idOf = ({ deployment: { namespace, name } }: ClusterDeployment) => `${namespace}/${name}`

function RunBenchmark({ clusterId, onOperation }: BenchmarkResultsProps) {
  const words = useWords('benchmarks', benchmarkWords)
  const clusters = useClusterClient()
  // Only what serves can be loaded, and only a plan says how.
  const serving = (useClusterDeployments(clusterId).data ?? []).filter(({ status, plan }) => status === 'ready' && plan !== undefined)
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const target = serving.find((each) => idOf(each) === chosen) ?? serving[0]
  const start = useAction(async ({ deployment }: ClusterDeployment, signal) => {
    const operation = await clusters.benchmark(clusterId, deployment, { signal })
    onOperation?.(operation.id)
  })
  return (
    <>
      {start.state.kind === 'failed' ? <ErrorNotice message={start.state.error.message} /> : null}
      <span className="bud-select-field">
        <select
          className="bud-select"
          aria-label={words.deployment}
          value={target === undefined ? '' : idOf(target)}
          disabled={target === undefined}
          onChange={(event) => setChosen(event.target.value)}
        >
          {target === undefined ? <option value="">–</option> : null}
          {serving.map((each) => (
            <option key={idOf(each)} value={idOf(each)}>
              {each.deployment.name}
            </option>
          ))}
        </select>
      </span>
      <button
        type="button"
        className="bud-button"
        disabled={target === undefined || start.state.kind === 'busy'}
        onClick={() => {
          if (target !== undefined) start.run(target)
        }}
      >
        {start.state.kind === 'busy' ? words.starting : words.run}
      </button>
    </>
  )
}

function toColumns(words: typeof benchmarkWords, format: Format): readonly DataColumn<ClusterBenchmark>[] {
  const none = '–'
  const optional = (value: number | undefined) => (value === undefined ? none : format.duration(value))
  const beside = (text: string, predicted: Interval | undefined, write: (value: number) => string) => (
    <>
      {text}
      {predicted === undefined ? null : <span className="bud-beside">{words.predicted(write(predicted.low), write(predicted.high))}</span>}
    </>
  )
  return [
    {
      id: 'deployment',
      title: words.deployment,
      isHeader: true,
      value: ({ deployment }) => deployment.name,
      show: ({ deployment, isSimulated, model, hardwareId, replicas }) => (
        <>
          {deployment.name}{' '}
          {isSimulated ? (
            <span className="bud-badge" data-tone="warning" title={words.simulatedHint}>
              {words.simulated}
            </span>
          ) : null}
          <span className="bud-beside">{words.on(model, format.count(replicas), hardwareId)}</span>
        </>
      ),
    },
    { id: 'ended', title: words.ended, value: ({ endedUnixMs }) => endedUnixMs, show: ({ endedUnixMs }) => format.dayMinute(endedUnixMs) },
    {
      id: 'load',
      title: words.load,
      value: ({ load }) => load.concurrency,
      show: ({ load }) => words.loadText(format.count(load.concurrency), format.count(load.inputTokens), format.count(load.outputTokens)),
    },
    {
      id: 'requests',
      title: words.requests,
      isNumber: true,
      value: ({ completed }) => completed,
      show: ({ completed, failed }) => (
        <>
          {format.count(completed)}
          {failed === 0 ? null : <span className="bud-beside">{words.failed(format.count(failed))}</span>}
        </>
      ),
    },
    {
      id: 'rate',
      title: words.requestsPerSecond,
      isNumber: true,
      value: ({ requestsPerSecond }) => requestsPerSecond,
      show: ({ requestsPerSecond }) => format.decimal(requestsPerSecond),
    },
    {
      id: 'tokens',
      title: words.tokensPerSecond,
      isNumber: true,
      value: ({ outputTokensPerSecond }) => outputTokensPerSecond,
      show: ({ outputTokensPerSecond, predicted }) =>
        beside(format.decimal(outputTokensPerSecond), predicted?.outputTokensPerSecond, format.decimal),
    },
    {
      id: 'first',
      title: words.firstToken,
      isNumber: true,
      value: ({ timeToFirstTokenMs }) => timeToFirstTokenMs.p50,
      show: ({ timeToFirstTokenMs, predicted }) =>
        beside(format.duration(timeToFirstTokenMs.p50), predicted?.timeToFirstTokenMs, format.duration),
    },
    {
      id: 'tail',
      title: words.firstTokenTail,
      isNumber: true,
      value: ({ timeToFirstTokenMs }) => timeToFirstTokenMs.p95 ?? 0,
      show: ({ timeToFirstTokenMs }) => optional(timeToFirstTokenMs.p95),
    },
    {
      id: 'token',
      title: words.perToken,
      isNumber: true,
      value: ({ timePerOutputTokenMs }) => timePerOutputTokenMs.p50,
      show: ({ timePerOutputTokenMs, predicted }) =>
        beside(format.duration(timePerOutputTokenMs.p50), predicted?.timePerOutputTokenMs, format.duration),
    },
    {
      id: 'whole',
      title: words.endToEnd,
      isNumber: true,
      value: ({ endToEndMs }) => endToEndMs?.p50 ?? 0,
      show: ({ endToEndMs }) => optional(endToEndMs?.p50),
    },
  ]
}
