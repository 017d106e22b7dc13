/** The primary's side of `--workers`: forks, feeds, replaces and stops the worker processes that share one listening socket. */
import cluster, { type Worker } from 'node:cluster'
import type { Clock, Random } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import { gatewayErrors } from '../errors.ts'
import { flushMs } from './gateway-process.ts'
import { JointMetrics } from './joint-metrics.ts'
import { toPrimarySchema, type ToWorker } from './worker-messages.ts'

/** A worker must accept connections within this time of its fork. */
const startMs = 30_000
/** Wait before a dead worker is replaced; doubles with each death in a row, up to the second number. */
const replaceMs = [100, 10_000] as const
/** A worker that lived this long after it was ready starts a new row. */
const steadyMs = 10_000
/** Beyond its grace time a worker gets this long to end before it is killed. */
const killAfterMs = 1_500

/** More than any outage of a store brings. */
const rememberedRevocations = 1_000

export interface WorkerPoolOptions {
  readonly count: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: StructuredLogger
}

/** What all workers share. */
export interface PoolAddress {
  readonly url: string
  readonly adminUrl?: string | undefined
}

interface Member {
  readonly worker: Worker
  readyAtMs: number | undefined
  readonly startTimer: Disposable
}

/** A configuration on its way into the workers. */
interface Update {
  readonly revision: number
  /** Workers that have not said yet. */
  readonly missing: Set<number>
  readonly done: PromiseWithResolvers<undefined>
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #members = new Map<number, Member>()
  readonly #ending = new AbortController()
  readonly #metrics: JointMetrics
  readonly #started: PromiseWithResolvers<PoolAddress> = Promise.withResolvers()
  /** What every worker that serves has in force. */
  #data: unknown
  #revision = 0
  #update: Update | undefined
  /** Keys that workers have revoked lately: those that start later may not hear of them from the store. */
  readonly #revoked = new Set<string>()
  #deathsInARow = 0
  #phase: 'starting' | 'serving' | 'stopping' = 'starting'
  #onEmpty: (() => void) | undefined
  #stopped: Promise<void> | undefined

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#metrics = new JointMetrics({
      clock: options.clock,
      workers: () => [...this.#members].filter(([, { readyAtMs }]) => readyAtMs !== undefined).map(([id]) => id),
      ask: (id) => {
        const member = this.#members.get(id)
        if (member !== undefined) this.#send(member.worker, { budGateway: 'tell-metrics/1' })
      },
    })
    cluster.on('message', this.#onMessage)
    cluster.on('exit', this.#onExit)
  }

  /** Resolves with the URLs when all workers accept connections. Rejects with the reason of the first that cannot. */
  start(data: unknown): Promise<PoolAddress> {
    this.#data = data
    for (let number = 0; number < this.#options.count; number += 1) this.#fork()
    return this.#started.promise
  }

  /**
   * Puts a new configuration in force in every worker, and in those that will be forked. Rejects when one of them refuses it: then all of them have
   * the one from before, and so will their replacements. One at a time.
   */
  async update(data: unknown): Promise<void> {
    const asked = [...this.#members.values()].filter(({ readyAtMs }) => readyAtMs !== undefined)
    this.#revision += 1
    const update: Update = {
      revision: this.#revision,
      missing: new Set(asked.map(({ worker }) => worker.id)),
      done: Promise.withResolvers(),
    }
    this.#update = update
    using _timer = this.#options.clock.schedule(startMs, () => {
      update.done.reject(gatewayErrors.WORKER_REFUSED({ reason: `it did not answer within ${String(startMs)} ms` }))
    })
    for (const member of asked) this.#configure(member, data)
    if (update.missing.size === 0) update.done.resolve(undefined)
    try {
      await update.done.promise
      this.#data = data
      // Those that have started meanwhile began with the one from before.
      for (const member of this.#members.values()) if (!asked.includes(member)) this.#configure(member, data)
    } catch (error) {
      this.#revision += 1
      for (const member of asked) this.#configure(member, this.#data)
      throw error
    } finally {
      this.#update = undefined
    }
  }

  #configure({ worker }: Member, data: unknown): void {
    this.#send(worker, { budGateway: 'config/1', revision: this.#revision, data })
  }

  #answered(worker: number): void {
    const update = this.#update
    if (update?.missing.delete(worker) === true && update.missing.size === 0) update.done.resolve(undefined)
  }

  /** All drain at the same time, so that together they take no longer than one. Safe to repeat. */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs)
    return this.#stopped
  }

  async #stop(graceMs: number): Promise<void> {
    this.#phase = 'stopping'
    this.#ending.abort()
    for (const { worker } of this.#members.values()) this.#send(worker, { budGateway: 'stop/1', graceMs })
    using _timer = this.#options.clock.schedule(graceMs + flushMs + killAfterMs, () => {
      for (const { worker } of this.#members.values()) worker.process.kill('SIGKILL')
    })
    if (this.#members.size > 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#onEmpty = () => {
        resolve(undefined)
      }
      await promise
    }
    cluster.off('message', this.#onMessage)
    cluster.off('exit', this.#onExit)
  }

  #fork(): void {
    const worker = cluster.fork()
    const startTimer = this.#options.clock.schedule(startMs, () => {
      this.#options.logger.error('a worker did not start in time and is killed', { worker: worker.id, startMs })
      worker.process.kill('SIGKILL')
    })
    worker.on('error', (error) => {
      this.#options.logger.error('a worker process failed', { worker: worker.id, error })
    })
    this.#members.set(worker.id, { worker, readyAtMs: undefined, startTimer })
  }

  #send(worker: Worker, message: ToWorker): void {
    // A channel that is gone belongs to a worker that is ending, whose exit is handled.
    if (worker.isConnected()) worker.send(message, () => undefined)
  }

  readonly #onMessage = (worker: Worker, raw: unknown): void => {
    const parsed = toPrimarySchema.safeParse(raw)
    const member = this.#members.get(worker.id)
    // Other messages are the shared store's.
    if (!parsed.success || member === undefined) return
    const message = parsed.data
    switch (message.budGateway) {
      case 'hello/1':
        if (this.#phase !== 'stopping') this.#configure(member, this.#data)
        else this.#send(worker, { budGateway: 'stop/1', graceMs: 0 })
        return
      case 'ready/1':
        this.#onReady(member, message)
        return
      case 'metrics/1':
        this.#metrics.take(worker.id, message.text)
        return
      case 'want-metrics/1':
        void this.#metrics.read().then((text) => {
          this.#send(worker, { budGateway: 'all-metrics/1', text })
        })
        return
      case 'revoked/1':
        this.#onRevoke(worker, message.id)
        return
      case 'updated/1':
        if (message.revision === this.#update?.revision) this.#answered(worker.id)
        return
      case 'refused/1':
        if (message.revision === this.#update?.revision) this.#update.done.reject(gatewayErrors.WORKER_REFUSED({ reason: message.reason }))
        return
      case 'failed/1':
        this.#started.reject(gatewayErrors.WORKER_FAILED({ reason: message.reason }))
        this.#options.logger.error('a worker cannot start', { worker: worker.id, reason: message.reason })
        return
    }
  }

  #onRevoke(by: Worker, id: string): void {
    this.#revoked.delete(id)
    this.#revoked.add(id)
    const [oldest] = this.#revoked
    if (this.#revoked.size > rememberedRevocations && oldest !== undefined) this.#revoked.delete(oldest)
    for (const { worker } of this.#members.values()) if (worker !== by) this.#send(worker, { budGateway: 'revoked/1', id })
  }

  #onReady(member: Member, { url, adminUrl }: PoolAddress): void {
    member.startTimer[Symbol.dispose]()
    member.readyAtMs = this.#options.clock.monotonicMs()
    for (const id of this.#revoked) this.#send(member.worker, { budGateway: 'revoked/1', id })
    if (this.#phase !== 'starting') {
      this.#options.logger.info('a worker was replaced', { worker: member.worker.id })
      return
    }
    if ([...this.#members.values()].some(({ readyAtMs }) => readyAtMs === undefined)) return
    this.#phase = 'serving'
    this.#started.resolve({ url, adminUrl })
  }

  readonly #onExit = (worker: Worker, code: number | null, signal: string | null): void => {
    const member = this.#members.get(worker.id)
    if (member === undefined) return
    member.startTimer[Symbol.dispose]()
    this.#members.delete(worker.id)
    this.#metrics.retire(worker.id)
    this.#answered(worker.id)
    if (this.#phase === 'stopping') {
      if (this.#members.size === 0) this.#onEmpty?.()
    } else if (this.#phase === 'starting') {
      this.#started.reject(gatewayErrors.WORKER_FAILED({ reason: `a worker ended with ${signal ?? `code ${String(code)}`}` }))
    } else {
      this.#replace(member, signal ?? `code ${String(code)}`)
    }
  }

  #replace(member: Member, ending: string): void {
    const { clock, random, logger } = this.#options
    const livedMs = member.readyAtMs === undefined ? 0 : clock.monotonicMs() - member.readyAtMs
    this.#deathsInARow = livedMs >= steadyMs ? 1 : this.#deathsInARow + 1
    const ceilingMs = Math.min(replaceMs[0] * 2 ** (this.#deathsInARow - 1), replaceMs[1])
    // Between half and all of it, so that workers felled by one cause do not come back as one.
    const inMs = ceilingMs * (0.5 + random.next() / 2)
    logger.warn('a worker ended and will be replaced', { worker: member.worker.id, ending, inMs: Math.round(inMs) })
    // A sleep, because a timer alone would not keep a process alive whose workers have all died.
    const fork = () => {
      if (this.#phase !== 'stopping') this.#fork()
    }
    clock.sleep(inMs, this.#ending.signal).then(fork, () => undefined)
  }
}
