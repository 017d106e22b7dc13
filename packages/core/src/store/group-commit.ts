/** Runs the writes of one turn of the event loop in one transaction: one lock and one log append for all of them. */
import type { DatabaseSync } from 'node:sqlite'
import { isBudError } from '../error/bud-error.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { isSqliteBusy, toStoreError, type FileBounds } from './sqlite-errors.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

const limits = storeLimits.file

interface Job {
  /** Runs inside the transaction and returns how to tell the caller, once committed. A BudError must come before its first write. */
  readonly run: () => () => void
  readonly fail: (error: unknown) => void
}

export interface GroupCommitOptions extends FileBounds {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  /** Runs inside each transaction, after the writes. */
  readonly onCommitting: () => void
  readonly onCommitted: () => void
}

export class GroupCommit {
  readonly #options: GroupCommitOptions
  #waiting: Job[] = []
  #draining: Promise<void> | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  run<Result>(work: () => Result): Promise<Result> {
    if (this.#waiting.length >= limits.pendingWrites) {
      const what = `${String(limits.pendingWrites)} writes wait for '${this.#options.path}'`
      return Promise.reject(storeErrors.STORE_BUSY({ what, fix: 'slow down, or use the Valkey store' }))
    }
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work()
        return () => {
          resolve(result)
        }
      }
      this.#waiting.push({ run, fail: reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  /** Never rejects: every failure goes to the callers whose writes it took. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const jobs = this.#waiting
      this.#waiting = []
      try {
        await this.#begin()
        this.#commit(jobs)
      } catch (error) {
        const failure = toStoreError(error, this.#options)
        for (const job of jobs) job.fail(failure)
      }
    }
    this.#draining = undefined
  }

  async #begin(): Promise<void> {
    const { database, clock, random } = this.#options
    const deadlineMs = clock.monotonicMs() + limits.lockTimeoutMs
    for (let attempt = 1; ; attempt += 1) {
      try {
        database.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isSqliteBusy(error) || clock.monotonicMs() >= deadlineMs) throw error
        await clock.sleep(1 + random.next() * Math.min(attempt * limits.lockWaitMs, limits.lockRetryMs))
      }
    }
  }

  #commit(jobs: readonly Job[]): void {
    const { database, onCommitting, onCommitted } = this.#options
    const answers: (() => void)[] = []
    try {
      for (const job of jobs) answers.push(this.#runJob(job))
      onCommitting()
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
    for (const answer of answers) answer()
    onCommitted()
  }

  #runJob(job: Job): () => void {
    try {
      return job.run()
    } catch (error) {
      if (!isBudError(error)) throw error
      return () => {
        job.fail(error)
      }
    }
  }
}
