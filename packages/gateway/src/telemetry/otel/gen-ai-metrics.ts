/** Histograms of OpenTelemetry's GenAI conventions, fed by finished requests. */
import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { RequestEvent } from '@bud-foundry/core'

/*
 * Names, units and bucket bounds: open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md at commit
 * 004902b8cb70aa5ae6ca4ae07132b7daabcd3e10 (conventions of v1.42.0; status "development", later drafts rename the client metrics).
 */
const tokenBounds = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
const durationBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const perTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const firstTokenBounds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export class GenAiMetrics {
  readonly #duration: Histogram
  readonly #tokens: Histogram
  readonly #requestDuration: Histogram
  readonly #firstToken: Histogram
  readonly #perToken: Histogram

  constructor(meter: Meter) {
    const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
    this.#duration = histogram('gen_ai.client.operation.duration', 's', 'GenAI operation duration.', durationBounds)
    this.#tokens = histogram('gen_ai.client.token.usage', '{token}', 'Number of input and output tokens used.', tokenBounds)
    this.#requestDuration = histogram('gen_ai.server.request.duration', 's', 'From arrival to the end of the answer.', durationBounds)
    this.#firstToken = histogram('gen_ai.server.time_to_first_token', 's', 'From arrival to the first content.', firstTokenBounds)
    this.#perToken = histogram('gen_ai.server.time_per_output_token', 's', 'Mean time per token after the first.', perTokenBounds)
  }

  /** `common` are the attributes that all of them share; their values come from the configuration, never from callers. */
  record(event: RequestEvent, common: Attributes): void {
    const durationSeconds = event.durationMs / 1_000
    const ended: Attributes = event.errorCode === undefined ? common : { ...common, 'error.type': event.errorCode }
    this.#duration.record(durationSeconds, ended)
    this.#requestDuration.record(durationSeconds, ended)
    if (event.usageSource !== 'none') {
      this.#tokens.record(event.inputTokens, { ...common, 'gen_ai.token.type': 'input' })
      this.#tokens.record(event.outputTokens, { ...common, 'gen_ai.token.type': 'output' })
    }
    // Both are defined for answers that succeeded.
    if (event.outcome !== 'success') return
    if (event.timeToFirstTokenMs !== undefined) this.#firstToken.record(event.timeToFirstTokenMs / 1_000, common)
    if (event.timePerOutputTokenMs !== undefined) this.#perToken.record(event.timePerOutputTokenMs / 1_000, common)
  }
}
