/** The primary's side of one `/metrics` over all workers: asks each for its text, waits for a moment, and joins what has come. */
import type { Clock } from '@bud-foundry/core'
import { mergeMetrics, retireMetrics } from '../telemetry/merge-metrics.ts'

/** A worker that has not answered within this time is counted with its last text. */
const patienceMs = 1_000

export interface JointMetricsOptions {
  readonly clock: Clock
  /** Ids of the workers that serve. */
  readonly workers: () => readonly number[]
  /** Asks a worker for its text, which comes back through `take`. */
  readonly ask: (worker: number) => void
}

interface Collection {
  readonly missing: Set<number>
  readonly done: PromiseWithResolvers<undefined>
}

export class JointMetrics {
  readonly #options: JointMetricsOptions
  readonly #last = new Map<number, string>()
  #retired = ''
  #collection: Collection | undefined
  #result: Promise<string> | undefined

  constructor(options: JointMetricsOptions) {
    this.#options = options
  }

  /** One round serves all who ask while it lasts. */
  read(): Promise<string> {
    this.#result ??= this.#collect().finally(() => {
      this.#result = undefined
    })
    return this.#result
  }

  /** A worker's text has come. */
  take(worker: number, text: string): void {
    this.#last.set(worker, text)
    this.#arrived(worker)
  }

  /** A worker has ended: what it had counted, as far as it told, stays in the sums. */
  retire(worker: number): void {
    const text = this.#last.get(worker)
    this.#last.delete(worker)
    if (text !== undefined) this.#retired = retireMetrics(this.#retired, text)
    this.#arrived(worker)
  }

  #arrived(worker: number): void {
    const collection = this.#collection
    if (collection?.missing.delete(worker) === true && collection.missing.size === 0) collection.done.resolve(undefined)
  }

  async #collect(): Promise<string> {
    const workers = this.#options.workers()
    const collection: Collection = { missing: new Set(workers), done: Promise.withResolvers() }
    if (workers.length > 0) {
      this.#collection = collection
      using _timer = this.#options.clock.schedule(patienceMs, () => {
        collection.done.resolve(undefined)
      })
      for (const worker of workers) this.#options.ask(worker)
      await collection.done.promise
      this.#collection = undefined
    }
    const workersGauge = ['# HELP bud_gateway_workers Worker processes that serve.', '# TYPE bud_gateway_workers gauge']
    return mergeMetrics(
      [...this.#last.values(), `${workersGauge.join('\n')}\nbud_gateway_workers ${String(workers.length)}\n`],
      this.#retired,
    )
  }
}
