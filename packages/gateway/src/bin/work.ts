/** What a worker process of `serve --workers` does: takes the configuration from the primary, serves, and ends when told or orphaned. */
import cluster from 'node:cluster'
import { systemClock } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import { createIpcStore } from '@bud-foundry/core/store/ipc'
import type { NewConnections } from '../node/gateway-process.ts'
import { toWorkerSchema, type ToPrimary } from '../node/worker-messages.ts'
import type { ServeOptions } from './command-line.ts'
import { prepareData, type ConfigSurroundings } from './load-config.ts'
import { openStore } from './open-store.ts'
import { hintAtKeys, startProcess, type ServingProcess } from './start-process.ts'

/** Whatever hangs while the worker stops is abandoned after grace time and this. */
const exitAfterMs = 4_000

function tell(message: ToPrimary): void {
  // Fails only when the primary is gone, which ends this process anyway.
  process.send?.(message, undefined, undefined, () => undefined)
}

/** Time for the primary's own word when a signal went to the whole group. */
const primaryFirstMs = 200

/** Without the primary's word by then the metrics cannot be told. */
const metricsPatienceMs = 3_000

class WorkerProcess {
  readonly #options: ServeOptions
  readonly #surroundings: Omit<ConfigSurroundings, 'signal'>
  readonly #logger: StructuredLogger
  readonly #ending = new AbortController()
  #running: ServingProcess | undefined
  #close: () => Promise<void> = () => Promise.resolve()
  /** Whoever waits for the metrics of all workers. */
  #wantsMetrics: PromiseWithResolvers<string> | undefined
  /** Configurations are taken in one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: ServeOptions, surroundings: Omit<ConfigSurroundings, 'signal'>, logger: StructuredLogger) {
    this.#options = options
    this.#surroundings = surroundings
    this.#logger = logger
  }

  take(data: unknown, revision: number): void {
    this.#work = this.#work.then(() => (this.#running === undefined ? this.#start(data) : this.#update(this.#running, data, revision)))
  }

  tellMetrics(): void {
    tell({ budGateway: 'metrics/1', text: this.#running?.metricsText() ?? '' })
  }

  refuseKey(id: string): void {
    this.#running?.refuseKey(id)
  }

  onAllMetrics(text: string): void {
    this.#wantsMetrics?.resolve(text)
  }

  /** Asks the primary; one question serves all who wait for its answer. */
  readonly #allMetrics = async (): Promise<string> => {
    if (this.#wantsMetrics === undefined) {
      this.#wantsMetrics = Promise.withResolvers()
      tell({ budGateway: 'want-metrics/1' })
    }
    const wanted = this.#wantsMetrics
    using _timer = systemClock.schedule(metricsPatienceMs, () => {
      wanted.reject(new Error(`the primary process did not answer within ${String(metricsPatienceMs)} ms`))
    })
    try {
      return await wanted.promise
    } finally {
      if (this.#wantsMetrics === wanted) this.#wantsMetrics = undefined
    }
  }

  stop(graceMs: number, newConnections: NewConnections): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    setTimeout(() => process.exit(1), graceMs + exitAfterMs).unref()
    const stop = async () => {
      await this.#work
      await this.#running?.stop(graceMs, newConnections)
      await this.#close()
    }
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        this.#logger.error('the worker did not stop in order', { error })
        process.exit(1)
      },
    )
  }

  #prepare(data: unknown) {
    return prepareData(data, this.#options, { ...this.#surroundings, signal: this.#ending.signal })
  }

  async #start(data: unknown): Promise<void> {
    const { store: storeUrl } = this.#options
    const { secrets } = this.#surroundings
    try {
      // A file has one holder, the primary; a server has room for all.
      const store = storeUrl === undefined ? createIpcStore() : await openStore(this.#options, secrets)
      this.#close = async () => store[Symbol.asyncDispose]()
      const onRevoke = (id: string) => {
        tell({ budGateway: 'revoked/1', id })
      }
      const parts = { store, secrets, logger: this.#logger, metrics: this.#allMetrics, onRevoke }
      this.#running = await startProcess(await this.#prepare(data), this.#options, parts)
      if (cluster.worker?.id === 1) hintAtKeys(this.#running, this.#logger, this.#options)
      tell({ budGateway: 'ready/1', url: this.#running.url, adminUrl: this.#running.adminUrl })
    } catch (error) {
      tell({ budGateway: 'failed/1', reason: error instanceof Error ? error.message : String(error) })
      this.stop(0, 'closed')
    }
  }

  async #update(running: ServingProcess, data: unknown, revision: number): Promise<void> {
    try {
      await running.update(await this.#prepare(data))
      tell({ budGateway: 'updated/1', revision })
    } catch (error) {
      tell({ budGateway: 'refused/1', revision, reason: error instanceof Error ? error.message : String(error) })
      this.#logger.error('this worker keeps the configuration before', { error })
    }
  }
}

/** Returns at once; the process ends by itself. */
export function work(options: ServeOptions, surroundings: Omit<ConfigSurroundings, 'signal'>, logger: StructuredLogger): void {
  const worker = new WorkerProcess(options, surroundings, logger)
  process.on('message', (raw: unknown) => {
    const parsed = toWorkerSchema.safeParse(raw)
    // Other messages are the shared store's.
    if (!parsed.success) return
    const message = parsed.data
    switch (message.budGateway) {
      case 'config/1':
        worker.take(message.data, message.revision)
        return
      case 'stop/1':
        worker.stop(message.graceMs, 'answered-503')
        return
      case 'tell-metrics/1':
        worker.tellMetrics()
        return
      case 'all-metrics/1':
        worker.onAllMetrics(message.text)
        return
      case 'revoked/1':
        worker.refuseKey(message.id)
    }
  })
  process.on('SIGTERM', () => {
    // Meant for this worker alone, whose connections then go to the others; unless the primary got it too, and says so in a moment.
    setTimeout(() => {
      worker.stop(options.graceMs, 'closed')
    }, primaryFirstMs)
  })
  // A terminal sends these to the whole group; the primary decides what becomes of it.
  process.on('SIGINT', () => undefined).on('SIGHUP', () => undefined)
  tell({ budGateway: 'hello/1' })
}
