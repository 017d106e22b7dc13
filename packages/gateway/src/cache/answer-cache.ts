/** What of the cache its operator can do. */
import type { CachePurge } from './answer-store.ts'

/** The answers that a gateway keeps. */
export interface AnswerCache {
  /**
   * Removes answers, in every process; without any field, all of them. Gives how many were removed.
   * @throws GATEWAY_CACHE_PURGE_UNKNOWN by key where `isolation` is not `key`, and by project where it is `shared`.
   */
  purge(purge?: CachePurge): Promise<number>
}
