/** Where answers are kept: in this process by bytes, and in a Store for all processes. */
import { createId, type Clock, type Random, type Store } from '@bud-foundry/core'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { cacheLimits } from './cache-limits.ts'
import { decodeCachedAnswer, encodeCachedAnswer, type CachedAnswer, type CachedHead } from './cached-answer.ts'

const answerPrefix = 'gateway/cache/answer/'
const purgePrefix = 'gateway/cache/purge/'
const utf8 = new TextEncoder()
const text = new TextDecoder()

/** What to remove; with several fields, what all of them name. Without any, everything. */
export interface CachePurge {
  readonly model?: string | undefined
  readonly projectId?: string | undefined
  readonly keyId?: string | undefined
}

export interface AnswerStoreParts {
  readonly clock: Clock
  readonly random: Random
  readonly store: Store | undefined
  readonly memoryBytes: number
  readonly onFailure: (error: unknown) => void
  /** Something stays in this process, because too much is on its way to the store. */
  readonly onUnstored: () => void
}

const purgeSchema = z.strictObject({ model: z.string().optional(), projectId: z.string().optional(), keyId: z.string().optional() })

const isOf = ({ model, scope }: Pick<CachedHead, 'model' | 'scope'>, purge: CachePurge): boolean => {
  const project = purge.projectId === undefined ? undefined : `project/${encodeURIComponent(purge.projectId)}`
  return (
    (purge.model === undefined || purge.model === model) &&
    (project === undefined || scope === project || scope.startsWith(`${project}/`)) &&
    (purge.keyId === undefined || scope.endsWith(`/key/${encodeURIComponent(purge.keyId)}`))
  )
}

export class AnswerStore implements AsyncDisposable {
  readonly #clock: Clock
  readonly #random: Random
  readonly #store: Store | undefined
  readonly #onFailure: (error: unknown) => void
  readonly #onUnstored: () => void
  readonly #memory: LRUCache<string, CachedAnswer>
  readonly #subscription: Disposable | undefined
  readonly #pending = new Set<Promise<unknown>>()
  #purgedMs = Number.NEGATIVE_INFINITY

  constructor({ clock, random, store, memoryBytes, onFailure, onUnstored }: AnswerStoreParts) {
    this.#clock = clock
    this.#random = random
    this.#store = store
    this.#onFailure = onFailure
    this.#onUnstored = onUnstored
    this.#memory = new LRUCache({
      maxSize: memoryBytes,
      // Besides the body: key, head and bookkeeping, an estimate on the high side.
      sizeCalculation: ({ body, head }) => body.byteLength + head.model.length + head.scope.length + 512,
    })
    this.#subscription = store?.subscribe(purgePrefix, (change) => {
      if (change.kind === 'set') this.#track(this.#readPurge(change.key))
      // Something may have been missed: the store still has every answer that nobody has purged.
      else if (change.kind === 'resync') this.#memory.clear()
    })
  }

  /** On the clock's monotonic time: what was asked before may rest on what has been purged, and is not kept. */
  get purgedMs(): number {
    return this.#purgedMs
  }

  /** From memory alone. */
  peek(key: string): CachedAnswer | undefined {
    const answer = this.#memory.get(key)
    if (answer === undefined || this.#isFresh(answer)) return answer
    this.#memory.delete(key)
    return undefined
  }

  get hasStore(): boolean {
    return this.#store !== undefined
  }

  /** From the store, which gets so long and no longer. */
  async read(key: string, place: Pick<CachedHead, 'model' | 'scope'>): Promise<CachedAnswer | undefined> {
    const storeKey = this.#storeKey(key, place)
    if (this.#store === undefined || storeKey === undefined) return undefined
    const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>()
    using _timer = this.#clock.schedule(cacheLimits.storeWaitMs, () => {
      giveUp(undefined)
    })
    const reading = this.#store.get(storeKey).catch((error: unknown) => {
      this.#onFailure(error)
      return undefined
    })
    const bytes = await Promise.race([reading, late])
    const answer = bytes === undefined ? undefined : decodeCachedAnswer(bytes)
    if (answer === undefined || !this.#isFresh(answer)) return undefined
    this.#memory.set(key, answer)
    return answer
  }

  /** In memory at once, in the store soon. */
  write(key: string, answer: CachedAnswer): void {
    this.#memory.set(key, answer)
    const storeKey = this.#storeKey(key, answer.head)
    if (this.#store === undefined || storeKey === undefined) return
    if (this.#pending.size >= cacheLimits.pendingWrites) {
      this.#onUnstored()
      return
    }
    const ttlMs = Math.max(1, answer.head.expiresUnixMs - this.#clock.nowMs())
    this.#track(this.#store.set(storeKey, encodeCachedAnswer(answer), { ttlMs }))
  }

  /** Here and in every other process. Gives the number of answers that were removed from the store, or from memory where there is none. */
  async purge(purge: CachePurge): Promise<number> {
    const forgotten = this.#forget(purge)
    if (this.#store === undefined) return forgotten
    // What was kept a moment ago would otherwise arrive after it was looked for; what is kept from now on was asked after the purge.
    await Promise.all(this.#pending)
    let removed = 0
    for await (const storeKey of this.#store.list(answerPrefix)) {
      const [model = '', scope = ''] = storeKey.slice(answerPrefix.length).split('|')
      if (!isOf({ model: decodeURIComponent(model), scope }, purge)) continue
      if (await this.#store.delete(storeKey)) removed += 1
    }
    // Told last: a process that hears of it must not find in the store what it has just forgotten.
    await this.#store.set(purgePrefix + createId(this.#clock, this.#random), utf8.encode(JSON.stringify(purge)), { ttlMs: 60_000 })
    return removed
  }

  /** Waits until what was written is in the store. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription?.[Symbol.dispose]()
    await this.settled()
    this.#memory.clear()
  }

  #isFresh({ head }: CachedAnswer): boolean {
    return head.expiresUnixMs > this.#clock.nowMs()
  }

  #storeKey(key: string, { model, scope }: Pick<CachedHead, 'model' | 'scope'>): string | undefined {
    const storeKey = `${answerPrefix}${encodeURIComponent(model)}|${scope}|${key}`
    return storeKey.length > cacheLimits.storeKeyBytes ? undefined : storeKey
  }

  #forget(purge: CachePurge): number {
    this.#purgedMs = this.#clock.monotonicMs()
    let count = 0
    for (const [key, { head }] of this.#memory.entries()) if (isOf(head, purge) && this.#memory.delete(key)) count += 1
    return count
  }

  async #readPurge(storeKey: string): Promise<void> {
    const bytes = await this.#store?.get(storeKey)
    if (bytes !== undefined) this.#forget(purgeSchema.parse(JSON.parse(text.decode(bytes))))
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.catch(this.#onFailure).finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}
