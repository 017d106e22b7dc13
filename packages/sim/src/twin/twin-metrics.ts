/** The engine's counters and histograms, in Prometheus text under vLLM's names. */
import type { SchedulerState } from './batch-scheduler.ts'

// Bucket bounds as vLLM has them (vllm/v1/metrics/loggers.py, Apache-2.0).
const firstTokenBounds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560]
const tokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
const requestBounds = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]

class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }
  observe(value: number): void {
    this.#sum += value
    this.#count += 1
    const index = this.#bounds.findIndex((bound) => value <= bound)
    if (index >= 0) this.#counts[index] = (this.#counts[index] ?? 0) + 1
  }
  lines(name: string, labels: string): string[] {
    let total = 0
    const buckets = this.#bounds.map((bound, index) => {
      total += this.#counts[index] ?? 0
      return `${name}_bucket{${labels},le="${String(bound)}"} ${String(total)}`
    })
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${String(this.#count)}`,
      `${name}_sum{${labels}} ${String(this.#sum)}`,
      `${name}_count{${labels}} ${String(this.#count)}`,
    ]
  }
}

export interface TwinMetrics {
  addPrompt(tokens: number, cachedTokens: number): void
  addGenerated(tokens: number): void
  observeFirstToken(seconds: number): void
  observeTokenGap(seconds: number): void
  observeRequest(seconds: number, finish: 'stop' | 'length' | 'abort'): void
  render(state: SchedulerState, cacheTokens: number): string
}

const escape = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

export function createTwinMetrics(modelName: string): TwinMetrics {
  const labels = `engine="0",model_name="${escape(modelName)}"`
  const firstToken = new Histogram(firstTokenBounds)
  const tokenGap = new Histogram(tokenBounds)
  const request = new Histogram(requestBounds)
  const finished = { stop: 0, length: 0, abort: 0 }
  let prompt = 0
  let generated = 0
  let queried = 0
  let hits = 0
  return {
    addPrompt: (tokens, cachedTokens) => {
      prompt += tokens
      queried += tokens
      hits += cachedTokens
    },
    addGenerated: (tokens) => {
      generated += tokens
    },
    observeFirstToken: (seconds) => {
      firstToken.observe(seconds)
    },
    observeTokenGap: (seconds) => {
      tokenGap.observe(seconds)
    },
    observeRequest: (seconds, finish) => {
      request.observe(seconds)
      finished[finish] += 1
    },
    render: (state, cacheTokens) => {
      const usage = Math.min(1, state.cacheTokensUsed / cacheTokens)
      const family = (name: string, kind: string, help: string, lines: readonly string[]) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${kind}`,
        ...lines,
      ]
      const single = (name: string, kind: string, help: string, value: number) =>
        family(name, kind, help, [`${name}{${labels}} ${String(value)}`])
      return `${[
        ...single('vllm:num_requests_running', 'gauge', 'Requests in the running batch.', state.running),
        ...single('vllm:num_requests_waiting', 'gauge', 'Requests that wait for a place.', state.waiting),
        ...single('vllm:kv_cache_usage_perc', 'gauge', 'Share of the KV cache in use; 1 is full.', usage),
        ...single('vllm:gpu_cache_usage_perc', 'gauge', 'The former name of vllm:kv_cache_usage_perc.', usage),
        ...single('vllm:prefix_cache_queries_total', 'counter', 'Prompt tokens looked up in the prefix cache.', queried),
        ...single('vllm:prefix_cache_hits_total', 'counter', 'Prompt tokens found in the prefix cache.', hits),
        ...single('vllm:num_preemptions_total', 'counter', 'Sequences that lost their cache to others.', state.preemptions),
        ...single('vllm:prompt_tokens_total', 'counter', 'Prompt tokens processed.', prompt),
        ...single('vllm:generation_tokens_total', 'counter', 'Tokens generated.', generated),
        ...family(
          'vllm:request_success_total',
          'counter',
          'Requests by the reason they ended for.',
          Object.entries(finished).map(
            ([reason, count]) => `vllm:request_success_total{${labels},finished_reason="${reason}"} ${String(count)}`,
          ),
        ),
        ...family(
          'vllm:time_to_first_token_seconds',
          'histogram',
          'Time to first token.',
          firstToken.lines('vllm:time_to_first_token_seconds', labels),
        ),
        ...family(
          'vllm:inter_token_latency_seconds',
          'histogram',
          'Time between tokens.',
          tokenGap.lines('vllm:inter_token_latency_seconds', labels),
        ),
        ...family(
          'vllm:time_per_output_token_seconds',
          'histogram',
          'The former name of vllm:inter_token_latency_seconds.',
          tokenGap.lines('vllm:time_per_output_token_seconds', labels),
        ),
        ...family(
          'vllm:e2e_request_latency_seconds',
          'histogram',
          'Whole requests.',
          request.lines('vllm:e2e_request_latency_seconds', labels),
        ),
      ].join('\n')}\n`
    },
  }
}
