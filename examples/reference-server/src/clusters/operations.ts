/** Long work on a cluster, running whether or not anyone looks: its progress is kept, it can be cancelled, and taken up again. */
import { isBudError, type Clock, type Logger } from '@bud-foundry/core'
import type { ClusterProgress } from '@bud-foundry/cluster'
import { serverErrors } from '../errors.ts'

const operationsMax = 50
const eventsMax = 500

export interface OperationEvent {
  readonly timeUnixMs: number
  readonly step: string
  readonly resource: string
  readonly state: ClusterProgress['state']
  readonly message?: string | undefined
}

/** One operation as it is told. */
export interface OperationState {
  readonly id: string
  readonly kind: 'deploy' | 'destroy' | 'benchmark'
  readonly deployment: { readonly name: string; readonly namespace: string }
  readonly status: 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedUnixMs: number
  readonly endedUnixMs?: number | undefined
  readonly done: number
  readonly total: number
  readonly etaSeconds?: number | undefined
  readonly error?: string | undefined
  readonly events: readonly OperationEvent[]
}

export interface NewOperation {
  readonly kind: OperationState['kind']
  readonly deployment: OperationState['deployment']
  /** Asked anew when the operation is taken up again. */
  readonly run: (signal: AbortSignal) => AsyncIterable<ClusterProgress>
  /** After the last step. */
  readonly finish: () => Promise<void>
}

export interface Operations extends AsyncDisposable {
  start(operation: NewOperation): OperationState
  list(): readonly OperationState[]
  /** @throws SERVER_NOT_FOUND */
  get(id: string): OperationState
  cancel(id: string): Promise<OperationState>
  /** Runs what was cancelled or failed again; the journal knows what is done already. */
  resume(id: string): OperationState
}

interface Entry {
  readonly operation: NewOperation
  state: OperationState
  abort: AbortController
  ended: Promise<void>
}

export function createOperations({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Operations {
  const entries = new Map<string, Entry>()
  let count = 0

  const follow = async (entry: Entry): Promise<void> => {
    const { operation, abort } = entry
    const change = (part: Partial<OperationState>) => {
      entry.state = { ...entry.state, ...part }
    }
    try {
      for await (const { step, resource, state, message, done, total, etaSeconds, error } of operation.run(abort.signal)) {
        const event = { timeUnixMs: clock.nowMs(), step, resource, state, message: message ?? error?.message }
        change({ done, total, etaSeconds, events: [...entry.state.events, event].slice(-eventsMax) })
      }
      await operation.finish()
      change({ status: 'done', endedUnixMs: clock.nowMs(), etaSeconds: undefined })
    } catch (error) {
      const isCancelled = abort.signal.aborted
      if (!isCancelled) logger.warn('an operation on a cluster failed', { operation: entry.state.id, error })
      change({
        status: isCancelled ? 'cancelled' : 'failed',
        endedUnixMs: clock.nowMs(),
        etaSeconds: undefined,
        ...(isCancelled ? {} : { error: isBudError(error) ? error.message : 'something went wrong on our side; the log says what' }),
      })
    }
  }
  const entryOf = (id: string): Entry => {
    const entry = entries.get(id)
    if (entry === undefined) throw serverErrors.NOT_FOUND({ what: `operation ${id}` })
    return entry
  }
  const forgetOldest = () => {
    for (const [id, { state }] of entries) {
      if (entries.size < operationsMax) return
      if (state.status !== 'running') entries.delete(id)
    }
  }

  return {
    start: (operation) => {
      forgetOldest()
      count += 1
      const id = `op-${String(count)}`
      const entry: Entry = {
        operation,
        abort: new AbortController(),
        ended: Promise.resolve(),
        state: {
          id,
          kind: operation.kind,
          deployment: operation.deployment,
          status: 'running',
          startedUnixMs: clock.nowMs(),
          done: 0,
          total: 0,
          events: [],
        },
      }
      entries.set(id, entry)
      entry.ended = follow(entry)
      return entry.state
    },
    list: () => [...entries.values()].map(({ state }) => state).reverse(),
    get: (id) => entryOf(id).state,
    cancel: async (id) => {
      const entry = entryOf(id)
      entry.abort.abort()
      await entry.ended
      return entry.state
    },
    resume: (id) => {
      const entry = entryOf(id)
      if (entry.state.status === 'running' || entry.state.status === 'done') return entry.state
      entry.abort = new AbortController()
      entry.state = { ...entry.state, status: 'running', error: undefined, endedUnixMs: undefined }
      entry.ended = follow(entry)
      return entry.state
    },
    [Symbol.asyncDispose]: async () => {
      for (const { abort } of entries.values()) abort.abort()
      await Promise.all([...entries.values()].map(({ ended }) => ended))
    },
  }
}
