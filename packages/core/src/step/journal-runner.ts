/** A StepRunner that journals each step's result in a Store, so that an operation resumes where it was cut. */
import type { Step, StepRunner } from '../contracts/step-runner.ts'
import type { Store } from '../contracts/store.ts'
import { coreErrors } from '../error/core-errors.ts'
import { createId } from '../id/id.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { Journal } from './journal.ts'
import { OperationLease } from './operation-lease.ts'
import { stepErrors } from './step-errors.ts'
import { stepLimits } from './step-limits.ts'

export interface JournalRunnerOptions {
  /** Where journals live; it must survive what the operations have to survive. */
  readonly store: Store
  readonly clock?: Clock
  readonly random?: Random
  /**
   * A name that only one living runner uses, for example in the process that holds a locked data directory. Its successor then resumes at once
   * instead of waiting for the lease to end.
   */
  readonly owner?: string
  /** How long a dead runner blocks its operation; 30 seconds when absent. */
  readonly leaseMs?: number
}

/** A StepRunner whose journals can be deleted. */
export interface JournalRunner extends StepRunner {
  /**
   * Deletes the journal of an operation that will not be run again; running it again would start from the beginning.
   * @throws CORE_STEP_OPERATION_BUSY while it runs.
   */
  forget(operationId: string): Promise<void>
}

const anonymousOwner = 'another runner'

class StoreJournalRunner implements JournalRunner {
  readonly contract = 'step-runner/1'
  readonly #options: JournalRunnerOptions
  readonly #clock: Clock
  readonly #random: Random
  /** A lease of our own name is a dead predecessor's only if it is not ours. */
  readonly #running = new Set<string>()

  constructor(options: JournalRunnerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
  }

  async run<Result>(operationId: string, body: (step: Step) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    throwIfAborted(operationId, signal)
    const journal = new Journal(this.#options.store, operationId)
    return this.#holding(operationId, journal, async (lease) => {
      const step = createStep({ journal, operationId, signal: AbortSignal.any([signal, lease]), lease })
      const result = await body(step)
      if (lease.aborted) throw lease.reason
      return result
    })
  }

  async forget(operationId: string): Promise<void> {
    const journal = new Journal(this.#options.store, operationId)
    await this.#holding(operationId, journal, () => journal.forget())
  }

  async #holding<Result>(operationId: string, journal: Journal, work: (lease: AbortSignal) => Promise<Result>): Promise<Result> {
    const { store, owner = anonymousOwner, leaseMs = stepLimits.leaseMs } = this.#options
    if (this.#running.has(operationId)) throw stepErrors.STEP_OPERATION_BUSY({ operationId, holder: owner })
    this.#running.add(operationId)
    try {
      const lease = await OperationLease.acquire({
        store,
        clock: this.#clock,
        key: journal.leaseKey,
        operationId,
        token: `${owner} ${createId(this.#clock, this.#random)}`,
        takesOver: this.#options.owner !== undefined,
        leaseMs,
      })
      try {
        return await work(lease.signal)
      } finally {
        await lease[Symbol.asyncDispose]()
      }
    } finally {
      this.#running.delete(operationId)
    }
  }
}

function throwIfAborted(operationId: string, signal: AbortSignal): void {
  if (signal.aborted) throw coreErrors.ABORTED({ what: `operation '${operationId}'` }, { cause: signal.reason })
}

function createStep(options: {
  readonly journal: Journal
  readonly operationId: string
  readonly signal: AbortSignal
  readonly lease: AbortSignal
}): Step {
  const { journal, operationId, signal, lease } = options
  const names = new Set<string>()
  return async <Value>(name: string, action: (signal: AbortSignal) => Promise<Value>): Promise<Value> => {
    if (names.has(name)) throw stepErrors.STEP_NAME_REPEATED({ operationId, step: name })
    if (names.size >= stepLimits.stepsPerRun) throw stepErrors.STEP_LIMIT_REACHED({ operationId, limit: stepLimits.stepsPerRun })
    names.add(name)
    if (lease.aborted) throw lease.reason
    throwIfAborted(operationId, signal)
    const finished = await journal.read(name)
    const value = finished === undefined ? await journal.write(name, await action(signal)) : finished.value
    // The journal returns what the same step stored under the same name; the contract asks for results that survive JSON.
    return value as Value
  }
}

/** Runs operations against a journal in `store`. Steps run at least once: one that was cut between its effect and its journal runs again. */
export function createJournalRunner(options: JournalRunnerOptions): JournalRunner {
  return new StoreJournalRunner(options)
}
