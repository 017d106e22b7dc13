/** What a benchmark job found: its figures, the row that `sim` takes, and each request as an event that `metrics` takes. */
import { createHash } from 'node:crypto'
import type { DeploymentPlan, RequestEvent } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { benchmarkMarker } from './benchmark-job.ts'

const amount = z.number().nonnegative()
/** Field names of `vllm bench serve --save-result`. */
const resultSchema = z.looseObject({
  duration: amount,
  completed: z.int().nonnegative(),
  failed: z.int().nonnegative().default(0),
  total_input_tokens: amount,
  total_output_tokens: amount,
  request_throughput: amount,
  output_throughput: amount,
  mean_ttft_ms: amount,
  median_ttft_ms: amount,
  p95_ttft_ms: amount.optional(),
  p99_ttft_ms: amount.optional(),
  mean_tpot_ms: amount,
  median_tpot_ms: amount,
  p99_tpot_ms: amount.optional(),
  mean_e2el_ms: amount.optional(),
  median_e2el_ms: amount.optional(),
  /** Ours, of what `--save-detailed` adds; times in seconds. */
  requests: z
    .array(
      z.strictObject({
        startSeconds: amount.nullable(),
        firstTokenSeconds: amount,
        gapSeconds: amount,
        inputTokens: z.int().nonnegative(),
        outputTokens: z.int().nonnegative(),
        failed: z.boolean(),
      }),
    )
    .default([]),
})

/** One request of a benchmark. */
export interface BenchmarkRequest {
  /** Since the first one began. */
  readonly startMs: number
  readonly timeToFirstTokenMs: number
  readonly durationMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly failed: boolean
}

export interface BenchmarkResult {
  readonly completed: number
  readonly failed: number
  readonly durationSeconds: number
  readonly requestsPerSecond: number
  readonly outputTokensPerSecond: number
  readonly timeToFirstTokenMs: {
    readonly mean: number
    readonly p50: number
    readonly p95: number | undefined
    readonly p99: number | undefined
  }
  readonly timePerOutputTokenMs: { readonly mean: number; readonly p50: number; readonly p99: number | undefined }
  readonly endToEndMs: { readonly mean: number; readonly p50: number } | undefined
  readonly requests: readonly BenchmarkRequest[]
  /** The row that `bud-sim validate` and `train` take. */
  readonly measurement: Readonly<Record<string, string>>
}

const text = (value: number | undefined) => (value === undefined ? '' : String(value))

/** @throws CLUSTER_BENCHMARK_UNREADABLE when the log has no result, or one in which nothing was answered. */
export function readBenchmarkResult(plan: DeploymentPlan, log: string): BenchmarkResult {
  const unreadable = (problem: string) => clusterErrors.BENCHMARK_UNREADABLE({ deployment: plan.name, problem })
  const line = log.split('\n').findLast((candidate) => candidate.startsWith(benchmarkMarker))
  if (line === undefined) throw unreadable('its log has no result')
  const parsed = resultSchema.safeParse(parseJson(line.slice(benchmarkMarker.length)))
  if (!parsed.success) throw unreadable(`its result has no valid '${parsed.error.issues[0]?.path.join('.') ?? ''}'`)
  const found = parsed.data
  if (found.completed === 0) throw unreadable('no request was answered')
  const { parallelism, precision, workload } = plan
  return {
    completed: found.completed,
    failed: found.failed,
    durationSeconds: found.duration,
    requestsPerSecond: found.request_throughput,
    outputTokensPerSecond: found.output_throughput,
    timeToFirstTokenMs: { mean: found.mean_ttft_ms, p50: found.median_ttft_ms, p95: found.p95_ttft_ms, p99: found.p99_ttft_ms },
    timePerOutputTokenMs: { mean: found.mean_tpot_ms, p50: found.median_tpot_ms, p99: found.p99_tpot_ms },
    endToEndMs:
      found.mean_e2el_ms === undefined || found.median_e2el_ms === undefined
        ? undefined
        : { mean: found.mean_e2el_ms, p50: found.median_e2el_ms },
    requests: found.requests.map(({ startSeconds, firstTokenSeconds, gapSeconds, ...rest }) => ({
      startMs: (startSeconds ?? 0) * 1000,
      timeToFirstTokenMs: firstTokenSeconds * 1000,
      durationMs: (firstTokenSeconds + gapSeconds) * 1000,
      ...rest,
    })),
    measurement: {
      model: plan.model.id,
      hardware: plan.hardwareId,
      tp: String(parallelism.tensor),
      pp: String(parallelism.pipeline),
      // Replicas share the requests, as data parallelism does.
      dp: String(parallelism.data * plan.replicas),
      ep: String(parallelism.expert),
      engine: plan.engine.id,
      engine_version: plan.engine.version,
      precision: precision.weights,
      kv_precision: precision.kvCache,
      isl: String(workload.inputTokens),
      osl: String(workload.outputTokens),
      concurrency: text(workload.concurrency),
      ttft_ms_mean: text(found.mean_ttft_ms),
      ttft_ms_p50: text(found.median_ttft_ms),
      tpot_ms_mean: text(found.mean_tpot_ms),
      tpot_ms_p50: text(found.median_tpot_ms),
      e2e_ms_mean: text(found.mean_e2el_ms),
      e2e_ms_p50: text(found.median_e2el_ms),
      output_tokens_per_s: text(found.output_throughput),
    },
  }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** Of which run the events are, and whom its requests count for. */
export interface BenchmarkRun {
  /** Events of the same run have the same ids, so that storing them twice stores them once. */
  readonly runId: string
  readonly projectId: string
  /** When the first request began. */
  readonly startedAtUnixMs: number
}

/** What the gateway would have written of each request, for a sink of `metrics`; the tag `benchmark` tells them from those of users. */
export function benchmarkEvents(
  plan: DeploymentPlan,
  { requests }: Pick<BenchmarkResult, 'requests'>,
  run: BenchmarkRun,
): readonly RequestEvent[] {
  const { runId, projectId, startedAtUnixMs } = run
  return requests.map((request, index): RequestEvent => {
    const { startMs, timeToFirstTokenMs, durationMs, inputTokens, outputTokens, failed } = request
    const id = `benchmark/${runId}/${String(index)}`
    const status = failed ? 502 : 200
    const outcome = failed ? 'error' : 'success'
    const timings = failed ? {} : { timeToFirstTokenMs }
    const perToken = outputTokens > 1 && !failed ? { timePerOutputTokenMs: (durationMs - timeToFirstTokenMs) / (outputTokens - 1) } : {}
    return {
      id,
      kind: 'request',
      timeUnixMs: startedAtUnixMs + startMs,
      traceId: createHash('sha256').update(id).digest('hex').slice(0, 32),
      projectId,
      operation: 'completion',
      dialect: 'openai-completions',
      stream: true,
      requestedModel: plan.model.servedName,
      model: plan.model.servedName,
      targetId: plan.name,
      providerId: 'openai-compatible',
      status,
      outcome,
      durationMs,
      ...timings,
      ...perToken,
      inputTokens,
      cachedInputTokens: 0,
      cacheWriteInputTokens: 0,
      outputTokens,
      reasoningTokens: 0,
      usageSource: failed ? 'none' : 'upstream',
      cache: 'none',
      requestBytes: 0,
      responseBytes: 0,
      attempts: [{ targetId: plan.name, providerId: 'openai-compatible', startMs: 0, durationMs, status, outcome, ...timings }],
      userAgent: 'vllm bench serve',
      tags: { benchmark: runId, deployment: plan.name, hardware: plan.hardwareId, engine: `${plan.engine.id} ${plan.engine.version}` },
    }
  })
}
