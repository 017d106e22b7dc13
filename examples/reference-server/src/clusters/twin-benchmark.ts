/** Loads the engine twins of a demo deployment as its plan expects, request by request, and measures each at the caller. */
import type { ClusterProgress } from '@bud-foundry/cluster'
import type { Clock, DeploymentPlan } from '@bud-foundry/core'
import type { MeasuredBenchmark } from './benchmark-view.ts'

/** The twins share this machine with everything else: more would measure the machine. */
const concurrencyMax = 8
const requestsPerSlot = 4
const outputTokensMax = 64

export interface TwinBenchmark {
  readonly urls: readonly URL[]
  readonly plan: DeploymentPlan
  readonly clock: Clock
}

interface Sample {
  readonly firstMs: number
  readonly totalMs: number
  readonly tokens: number
}

/** How many requests at once, and how many in all. */
export function toTwinLoad({ workload }: DeploymentPlan): { readonly concurrency: number; readonly requests: number } {
  const concurrency = Math.min(workload.concurrency ?? 1, concurrencyMax)
  return { concurrency, requests: concurrency * requestsPerSlot }
}

export async function* measureTwins(
  { urls, plan, clock }: TwinBenchmark,
  onResult: (result: MeasuredBenchmark) => void,
  signal: AbortSignal,
): AsyncIterable<ClusterProgress> {
  const { concurrency, requests } = toTwinLoad(plan)
  const progress = (state: ClusterProgress['state'], done: number): ClusterProgress => ({
    step: 'run_performance_benchmark',
    resource: plan.name,
    state,
    done,
    total: requests,
    etaSeconds: undefined,
    error: undefined,
  })
  const samples: Sample[] = []
  let failed = 0
  yield progress('started', 0)
  const startMs = clock.monotonicMs()
  for (let sent = 0; sent < requests; sent += concurrency) {
    const round = await Promise.allSettled(
      Array.from({ length: concurrency }, (_, index) => ask(urls[(sent + index) % urls.length], plan, clock, signal)),
    )
    signal.throwIfAborted()
    for (const each of round) {
      if (each.status === 'fulfilled') samples.push(each.value)
      else failed += 1
    }
    yield progress('progress', Math.min(sent + concurrency, requests))
  }
  const durationSeconds = (clock.monotonicMs() - startMs) / 1_000
  const tokens = samples.reduce((sum, sample) => sum + sample.tokens, 0)
  const perToken = samples.flatMap(({ firstMs, totalMs, tokens: count }) => (count < 2 ? [] : [(totalMs - firstMs) / (count - 1)]))
  onResult({
    completed: samples.length,
    failed,
    durationSeconds,
    requestsPerSecond: samples.length / durationSeconds,
    outputTokensPerSecond: tokens / durationSeconds,
    timeToFirstTokenMs: toPercentiles(samples.map(({ firstMs }) => firstMs)),
    timePerOutputTokenMs: toPercentiles(perToken),
    endToEndMs: toPercentiles(samples.map(({ totalMs }) => totalMs)),
  })
  yield progress('done', requests)
}

async function ask(url: URL | undefined, { model, workload }: DeploymentPlan, clock: Clock, signal: AbortSignal): Promise<Sample> {
  const startMs = clock.monotonicMs()
  const response = await fetch(new URL('./chat/completions', `${url?.href ?? ''}/`), {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: model.servedName,
      // A word is a token or more, for every tokenizer.
      messages: [{ role: 'user', content: 'token '.repeat(workload.inputTokens) }],
      max_tokens: Math.min(workload.outputTokens, outputTokensMax),
      ignore_eos: true,
      stream: true,
    }),
  })
  if (!response.ok || response.body === null) throw new Error(`the engine answered ${String(response.status)}`)
  let [firstMs, tokens] = [0, 0]
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = chunk.split('"content":"').length - 1
    if (events > 0 && tokens === 0) firstMs = clock.monotonicMs() - startMs
    tokens += events
  }
  if (tokens === 0) throw new Error('the engine answered without a token')
  return { firstMs, totalMs: clock.monotonicMs() - startMs, tokens }
}

/** Exported for tests: the nearest rank, zero where nothing was measured. */
export function toPercentiles(values: readonly number[]) {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (share: number) => sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0
  return { mean: sorted.reduce((sum, value) => sum + value, 0) / Math.max(sorted.length, 1), p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
