/** Shared loading: one request for all views that ask for the same key, refreshed while anyone looks, ended when nobody does. */
import { BudClientError, isAborted } from '../errors.ts'
import type { ClientClock } from './client-clock.ts'
import { createValue, type Value } from './observable.ts'

export interface Resource<T> {
  readonly status: 'loading' | 'ready' | 'error'
  /** The last good answer; stays while a newer one is loaded or fails. */
  readonly data: T | undefined
  readonly error: BudClientError | undefined
  /** The data is older than the last attempt to refresh it, which failed. */
  readonly isStale: boolean
  readonly isLoading: boolean
}

export interface ResourceRequest<T> {
  readonly key: string
  readonly load: (signal: AbortSignal) => Promise<T>
  /** Loaded again this long after each answer; absent: once. A function is asked after each, with what is known by then. */
  readonly refreshMs?: number | ((data: T | undefined) => number | undefined) | undefined
}

export interface ResourceStore {
  readonly get: <T>(key: string) => Resource<T>
  readonly follow: <T>(request: ResourceRequest<T>, listener: () => void) => () => void
  /** Loads again now; when a load is under way, once more after it, for that one may have been answered before what calls for this. */
  readonly reload: (key: string) => void
}

interface Entry {
  readonly value: Value<Resource<unknown>>
  request: ResourceRequest<unknown>
  followers: number
  running: AbortController | undefined
  isWantedAgain: boolean
  cancelTimer: () => void
}

export const emptyResource: Resource<never> = { status: 'loading', data: undefined, error: undefined, isStale: false, isLoading: false }

export function createResourceStore(clock: ClientClock): ResourceStore {
  const entries = new Map<string, Entry>()

  const load = async (entry: Entry): Promise<void> => {
    if (entry.running !== undefined) return
    entry.cancelTimer()
    const controller = new AbortController()
    entry.running = controller
    if (entry.value.get().data === undefined) entry.value.set({ ...entry.value.get(), isLoading: true })
    let next: Resource<unknown> | undefined
    try {
      const data = await entry.request.load(controller.signal)
      next = { status: 'ready', data, error: undefined, isStale: false, isLoading: false }
    } catch (cause) {
      if (!isAborted(cause)) next = toFailed(entry.value.get(), cause)
    }
    if (entry.running !== controller) return
    entry.running = undefined
    if (next !== undefined) entry.value.set(next)
    if (entry.isWantedAgain) {
      entry.isWantedAgain = false
      void load(entry)
      return
    }
    const wish = entry.request.refreshMs
    const refreshMs = typeof wish === 'function' ? wish(entry.value.get().data) : wish
    if (refreshMs !== undefined) entry.cancelTimer = clock.after(refreshMs, () => void load(entry))
  }

  const release = (key: string, entry: Entry) => {
    if (entry.followers > 0 || entries.get(key) !== entry) return
    entry.cancelTimer()
    entry.running?.abort()
    entry.running = undefined
    entries.delete(key)
  }

  const enter = <T>(asked: ResourceRequest<T>): Entry => {
    // Safe: a key names one kind of data, so that what is loaded for it is what its pace is asked about.
    const request = asked as ResourceRequest<unknown>
    const known = entries.get(request.key)
    if (known !== undefined) {
      known.request = request
      return known
    }
    const entry: Entry = {
      value: createValue<Resource<unknown>>(emptyResource),
      request,
      followers: 0,
      running: undefined,
      isWantedAgain: false,
      cancelTimer: () => {},
    }
    entries.set(request.key, entry)
    return entry
  }

  return {
    // Safe: a key names one kind of data, and `follow` with that key is the only writer.
    get: <T>(key: string) => (entries.get(key)?.value.get() ?? emptyResource) as Resource<T>,
    follow(request, listener) {
      const entry = enter(request)
      const remove = entry.value.subscribe(listener)
      entry.followers += 1
      if (entry.followers === 1) void load(entry)
      let isActive = true
      return () => {
        if (!isActive) return
        isActive = false
        remove()
        entry.followers -= 1
        // A turn later: StrictMode leaves and comes back at once, and must not ask twice for it.
        queueMicrotask(() => {
          release(request.key, entry)
        })
      }
    },
    reload(key) {
      const entry = entries.get(key)
      if (entry === undefined) return
      if (entry.running !== undefined) entry.isWantedAgain = true
      else void load(entry)
    },
  }
}

function toFailed(previous: Resource<unknown>, cause: unknown): Resource<unknown> {
  const error =
    cause instanceof BudClientError
      ? cause
      : new BudClientError({
          code: 'REACT_RESPONSE_INVALID',
          message: cause instanceof Error ? cause.message : 'The data could not be loaded.',
          cause,
        })
  const hasData = previous.data !== undefined
  return { status: hasData ? 'ready' : 'error', data: previous.data, error, isStale: hasData, isLoading: false }
}
