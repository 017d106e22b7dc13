/** One upstream call for callers that ask the same at the same time: the first leads, the others wait, and one of them takes over when it fails or leaves. */
import { cacheLimits } from './cache-limits.ts'

/** What a caller that waited gets. */
export type Landing<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The one before has failed or left: it is this caller's turn to lead. */
  | { readonly kind: 'lead'; readonly flight: Flight<Answer> }
  /** Nobody will answer for it. */
  | { readonly kind: 'alone' }

/** A leader's duty: to end exactly once. */
export interface Flight<Answer> {
  /** Everybody who waits gets this answer. */
  land(answer: Answer): void
  /** The leader got none: another one may. */
  handOver(): void
  /** The answer is none for others: each calls on its own. */
  disband(): void
}

interface Follower<Answer> {
  readonly signal: AbortSignal
  readonly resolve: (landing: Landing<Answer>) => void
}

class SharedFlight<Answer> {
  readonly followers = new Set<Follower<Answer>>()
  leaders = 0
}

export class SingleFlight<Answer> {
  readonly #flights = new Map<string, SharedFlight<Answer>>()

  /** Flights on their way. */
  get size(): number {
    return this.#flights.size
  }

  /** A Flight makes the caller the leader; a promise tells it to wait; undefined lets it call on its own. */
  join(key: string, signal: () => AbortSignal): Flight<Answer> | Promise<Landing<Answer>> | undefined {
    const shared = this.#flights.get(key)
    if (shared === undefined) {
      const opened = new SharedFlight<Answer>()
      this.#flights.set(key, opened)
      return this.#lead(key, opened)
    }
    if (shared.followers.size >= cacheLimits.followers) return undefined
    const { promise, resolve } = Promise.withResolvers<Landing<Answer>>()
    const follower: Follower<Answer> = { signal: signal(), resolve }
    shared.followers.add(follower)
    // Who has left must neither be led to nor lead.
    follower.signal.addEventListener(
      'abort',
      () => {
        if (shared.followers.delete(follower)) resolve({ kind: 'alone' })
      },
      { once: true },
    )
    return promise
  }

  #lead(key: string, shared: SharedFlight<Answer>): Flight<Answer> {
    let over = false
    shared.leaders += 1
    const end = (act: () => void) => () => {
      if (over) return
      over = true
      act()
    }
    const release = (landing: Landing<Answer>) => {
      this.#flights.delete(key)
      for (const follower of shared.followers) follower.resolve(landing)
      shared.followers.clear()
    }
    return {
      land: (answer) => {
        end(() => {
          release({ kind: 'answer', answer })
        })()
      },
      disband: end(() => {
        release({ kind: 'alone' })
      }),
      handOver: end(() => {
        const [next] = shared.followers
        if (next === undefined || shared.leaders >= cacheLimits.leaders) {
          release({ kind: 'alone' })
          return
        }
        shared.followers.delete(next)
        next.resolve({ kind: 'lead', flight: this.#lead(key, shared) })
      }),
    }
  }
}
