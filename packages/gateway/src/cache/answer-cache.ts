/** What of the cache its operator can do. */
import type { CachePurge } from './answer-store.ts'

/** The answers that a gateway keeps. */
export interface AnswerCache {
  /**
   * Removes answers, in every process; without any field, all of them. By key only where `isolation` is `key`, by project where it is not `shared`.
   * Gives how many were removed.
   */
  purge(purge?: CachePurge): Promise<number>
}
