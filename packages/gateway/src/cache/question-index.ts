/** Finds questions that mean the same within one context, by their embeddings; kept in the Store, so that a restart and other processes find them too. */
import type { Clock, Store } from '@bud-foundry/core'
import { LRUCache } from 'lru-cache'
import type usearch from 'usearch'
import type { Index } from 'usearch'
import { toBuffer } from '../dialect/sse-frame.ts'
import { cacheErrors } from './cache-errors.ts'
import { cacheLimits } from './cache-limits.ts'

type Usearch = typeof usearch

/** With a number for each change of what is kept. */
const questionPrefix = 'gateway/cache/question-2/'
const limits = cacheLimits.semantic

/** An asked question. */
export interface EmbeddedQuestion {
  readonly text: string
  readonly vector: Float32Array
}

export interface Candidate {
  /** Key of its answer. */
  readonly answerKey: string
  readonly similarity: number
}

/** With the signs, currencies and operators before it, and the unit that it touches. */
const number =
  /(?:[-+*/^<>=\u00b1\u00d7\u00f7\u2010-\u2015\u2212\u2264\u2265]\s?){0,4}(?:\p{Sc}\s?)?-?\p{N}+(?:[.,:/-]\p{N}+)*(?:\p{L}+|\s?[%\u2030\u00b0\p{Sc}])?/gu

/**
 * Numbers in a text, in their order: embeddings take `2+2` and `2+3`, 100 and -100, or two dates, for nearly the same, and their answers never are.
 */
export const numbersOf = (text: string): string => (text.match(number) ?? []).map((found) => found.replaceAll(/\s/g, '')).join(' ')

interface Known {
  readonly answerKey: string
  readonly numbers: string
}

class Context {
  loadedMs = Number.NEGATIVE_INFINITY
  readonly #index: Index
  readonly #dimensions: number
  readonly #known = new Map<bigint, Known>()
  readonly #ids = new Map<string, bigint>()
  #nextId = 0n

  constructor({ Index, MetricKind }: Usearch, dimensions: number) {
    this.#index = new Index(dimensions, MetricKind.Cos)
    this.#dimensions = dimensions
  }

  has(answerKey: string): boolean {
    return this.#ids.has(answerKey)
  }

  add(known: Known, vector: Float32Array): void {
    if (vector.length !== this.#dimensions || this.#ids.has(known.answerKey)) return
    const [oldest] = this.#ids.keys()
    if (this.#ids.size >= limits.questions && oldest !== undefined) this.remove(oldest)
    const id = this.#nextId++
    this.#index.add(id, vector, 1)
    this.#known.set(id, known)
    this.#ids.set(known.answerKey, id)
  }

  remove(answerKey: string): void {
    const id = this.#ids.get(answerKey)
    if (id === undefined) return
    this.#index.remove(id)
    this.#ids.delete(answerKey)
    this.#known.delete(id)
  }

  find({ text, vector }: EmbeddedQuestion): readonly Candidate[] {
    if (vector.length !== this.#dimensions || this.#known.size === 0) return []
    const { keys, distances } = this.#index.search(vector, Math.min(limits.candidates, this.#known.size), 1)
    const numbers = numbersOf(text)
    const found: Candidate[] = []
    for (const [at, id] of keys.entries()) {
      const known = this.#known.get(id)
      if (known?.numbers === numbers) found.push({ answerKey: known.answerKey, similarity: 1 - (distances[at] ?? 2) })
    }
    return found.sort((left, right) => right.similarity - left.similarity)
  }
}

export interface QuestionIndexParts {
  readonly clock: Clock
  readonly store: Store | undefined
  readonly onFailure: (error: unknown) => void
  /** Something stays in this process, because too much is on its way to the store. */
  readonly onUnstored: () => void
}

export class QuestionIndex implements AsyncDisposable {
  readonly #clock: Clock
  readonly #store: Store | undefined
  readonly #onFailure: (error: unknown) => void
  readonly #onUnstored: () => void
  readonly #contexts = new LRUCache<string, Context>({ max: limits.contexts })
  readonly #pending = new Set<Promise<unknown>>()
  readonly #usearch: Promise<Usearch>
  /** The package can be loaded. @throws GATEWAY_VECTOR_INDEX_MISSING */
  readonly ready: Promise<void>

  constructor(parts: QuestionIndexParts) {
    this.#clock = parts.clock
    this.#store = parts.store
    this.#onFailure = parts.onFailure
    this.#onUnstored = parts.onUnstored
    this.#usearch = import('usearch').then(
      (loaded) => loaded.default,
      (cause: unknown) => {
        throw cacheErrors.VECTOR_INDEX_MISSING({ reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
      },
    )
    this.ready = this.#usearch.then(() => undefined)
    this.ready.catch(this.#onFailure)
  }

  /** Most alike first. */
  async find(context: string, question: EmbeddedQuestion): Promise<readonly Candidate[]> {
    const found = await this.#context(context, question.vector.length)
    await this.#reload(context, found)
    return found.find(question)
  }

  async add(context: string, question: EmbeddedQuestion, answer: { readonly key: string; readonly ttlMs: number }): Promise<void> {
    const known = { answerKey: answer.key, numbers: numbersOf(question.text) }
    ;(await this.#context(context, question.vector.length)).add(known, question.vector)
    if (this.#store === undefined) return
    if (this.#pending.size >= cacheLimits.pendingWrites) {
      this.#onUnstored()
      return
    }
    const bytes = Buffer.concat([
      Buffer.from(`${JSON.stringify(known.numbers)}\n`),
      Buffer.from(question.vector.buffer, question.vector.byteOffset, question.vector.byteLength),
    ])
    this.#track(this.#store.set(`${questionPrefix}${context}/${answer.key}`, bytes, { ttlMs: answer.ttlMs }))
  }

  /** Its answer is gone. */
  remove(context: string, answerKey: string): void {
    this.#contexts.get(context)?.remove(answerKey)
    if (this.#store !== undefined) this.#track(this.#store.delete(`${questionPrefix}${context}/${answerKey}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
    this.#contexts.clear()
  }

  async #context(context: string, dimensions: number): Promise<Context> {
    const usearch = await this.#usearch
    let found = this.#contexts.get(context)
    if (found === undefined) this.#contexts.set(context, (found = new Context(usearch, dimensions)))
    return found
  }

  /** Waits for the store so long and no longer; what comes later is there for the next question. */
  async #reload(name: string, context: Context): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#store === undefined || nowMs - context.loadedMs < limits.reloadMs) return
    context.loadedMs = nowMs
    const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>()
    using _timer = this.#clock.schedule(cacheLimits.storeWaitMs, () => {
      giveUp(undefined)
    })
    const loading = this.#load(this.#store, name, context)
    this.#track(loading)
    await Promise.race([loading.catch(() => undefined), late])
  }

  async #load(store: Store, name: string, context: Context): Promise<void> {
    const prefix = `${questionPrefix}${name}/`
    let count = 0
    for await (const storeKey of store.list(prefix)) {
      if (++count > limits.questions) return
      const answerKey = storeKey.slice(prefix.length)
      if (context.has(answerKey)) continue
      const bytes = await store.get(storeKey)
      if (bytes === undefined) continue
      try {
        this.#take(context, answerKey, bytes)
      } catch (error) {
        // Those behind it can be read all the same.
        this.#onFailure(error)
      }
    }
  }

  #take(context: Context, answerKey: string, bytes: Uint8Array): void {
    const buffer = toBuffer(bytes)
    const end = buffer.indexOf(0x0a)
    const numbers: unknown = JSON.parse(buffer.toString('utf8', 0, end))
    // A copy, because floats must begin at a multiple of four.
    const vector = new Float32Array(Uint8Array.from(buffer.subarray(end + 1)).buffer)
    if (typeof numbers === 'string') context.add({ answerKey, numbers }, vector)
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.catch(this.#onFailure).finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}
