/** The answer cache as a stage: answers from memory, from the Store, from a call that is on its way, or from a question that means the same. */
import { invariant, type RequestEvent } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import { matchesName } from '../key/key-record.ts'
import type { StageFactory, StageKit } from '../governance/stage-factory.ts'
import type { CallObserver, Stage, StageCall, Verdict } from '../governance/stage.ts'
import { toBuffer } from '../dialect/sse-frame.ts'
import type { AnswerCache } from './answer-cache.ts'
import { AnswerRecorder } from './answer-recorder.ts'
import { AnswerStore, type CachePurge } from './answer-store.ts'
import type { CacheConfig } from './cache-config.ts'
import { readCacheDirectives, type CacheDirectives } from './cache-directives.ts'
import { cacheErrors } from './cache-errors.ts'
import { cacheKeyOf, type CacheKey } from './cache-key.ts'
import type { CachedAnswer } from './cached-answer.ts'
import { embedQuestion } from './embed-question.ts'
import { QuestionIndex, type EmbeddedQuestion } from './question-index.ts'
import { replay } from './replay.ts'
import { SingleFlight, type Flight } from './single-flight.ts'

const results = { name: 'bud_gateway_cache_total', help: 'Calls by what the answer cache did for them.' }
const savedTokens = { name: 'bud_gateway_cache_saved_tokens_total', help: 'Input and output tokens of answers that came from the cache.' }
const unstored = {
  name: 'bud_gateway_cache_unstored_total',
  help: 'Answers and questions that stayed in one process, because too many were on their way to the store.',
}
const savedUsd = { name: 'bud_gateway_cache_saved_usd_total', help: 'What answers from the cache cost when they were made.' }

const cachedOperations: ReadonlySet<string> = new Set(['chat', 'completion', 'embedding'])
const filtered = /"(?:finish_reason|stop_reason)"\s*:\s*"(?:content_filter|refusal)"/

type Source = 'hit' | 'semantic-hit' | 'coalesced'

/** A call that is looked up. */
interface Lookup {
  readonly call: StageCall
  readonly key: CacheKey
  readonly directives: CacheDirectives
}

export class CacheStage implements Stage, AnswerCache, AsyncDisposable {
  readonly id = 'cache'
  readonly answers: AnswerCache = this
  readonly ready: Promise<void>
  readonly config: CacheConfig
  readonly #kit: StageKit
  /** Request headers that reach upstreams, and so answers. */
  readonly headers: readonly string[]
  readonly #answers: AnswerStore
  readonly #flights = new SingleFlight<CachedAnswer>()
  readonly #questions: QuestionIndex | undefined

  constructor(config: CacheConfig, headers: readonly string[], kit: StageKit) {
    const { clock, random, store } = kit
    const onFailure = (error: unknown) => {
      kit.logger.warn('the answer cache could not reach its store', { error })
    }
    this.config = config
    this.#kit = kit
    this.headers = headers
    const onUnstored = () => {
      kit.metrics.count(unstored, {})
    }
    this.#answers = new AnswerStore({ clock, random, store, memoryBytes: config.memoryBytes, onFailure, onUnstored })
    this.#questions = config.semantic === undefined ? undefined : new QuestionIndex({ clock, store, onFailure, onUnstored })
    this.ready = this.#questions?.ready ?? Promise.resolve()
  }

  onCall(call: StageCall): Verdict | Promise<Verdict> {
    if (!cachedOperations.has(call.operation) || !matchesName(this.config.models, call.model)) return undefined
    const directives = readCacheDirectives((name) => call.header(name))
    const key = mayKeep(call) && (directives.read || directives.write) ? cacheKeyOf(call, this.config, this.headers) : undefined
    if (key === undefined) {
      if (directives.only) return notCached
      this.#note(call, 'bypass')
      return undefined
    }
    const lookup: Lookup = { call, key, directives }
    if (!directives.read) return this.#go(lookup, 'refresh', undefined)
    const known = this.#answers.peek(key.exact)
    const hit = known === undefined ? undefined : this.#serve(lookup, known, 'hit')
    if (hit !== undefined) return hit
    return directives.only ? this.#only(lookup) : this.#join(lookup)
  }

  async purge(purge: CachePurge = {}): Promise<number> {
    const { isolation } = this.config
    const field = purge.keyId !== undefined && isolation !== 'key' ? 'keyId' : 'projectId'
    if (purge[field] !== undefined && (field === 'keyId' || isolation === 'shared'))
      throw cacheErrors.CACHE_PURGE_UNKNOWN({ field, isolation })
    return this.#answers.purge(purge)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#answers[Symbol.asyncDispose]()
    await this.#questions?.[Symbol.asyncDispose]()
  }

  /** The caller takes nothing but a cached answer. */
  #only(lookup: Lookup): Verdict | Promise<Verdict> {
    if (!this.#mustWait) return notCached
    return this.#find(lookup).then(({ verdict }) => verdict ?? notCached)
  }

  /** Leads, or waits for who leads. */
  #join(lookup: Lookup): Verdict | Promise<Verdict> {
    const { call, key } = lookup
    const joined = this.#flights.join(key.exact, () => call.signal)
    if (joined === undefined) return this.#go(lookup, 'miss', undefined)
    if (joined instanceof Promise) return this.#wait(lookup, joined)
    return this.#mustWait ? this.#lead(lookup, joined) : this.#go(lookup, 'miss', joined)
  }

  async #wait(
    lookup: Lookup,
    landing: Exclude<ReturnType<SingleFlight<CachedAnswer>['join']>, Flight<CachedAnswer> | undefined>,
  ): Promise<Verdict> {
    const landed = await landing
    switch (landed.kind) {
      case 'answer':
        return this.#serve(lookup, landed.answer, 'coalesced') ?? this.#go(lookup, 'miss', undefined)
      case 'lead':
        return this.#go(lookup, 'miss', landed.flight)
      case 'alone':
        return this.#go(lookup, 'miss', undefined)
    }
  }

  /** Whether there is more to ask than memory. */
  get #mustWait(): boolean {
    return this.#answers.hasStore || this.#questions !== undefined
  }

  async #lead(lookup: Lookup, flight: Flight<CachedAnswer>): Promise<Verdict> {
    try {
      const { verdict, answer, embedded } = await this.#find(lookup)
      if (verdict !== undefined && answer !== undefined) {
        flight.land(answer)
        return verdict
      }
      return this.#go(lookup, 'miss', flight, embedded)
    } catch (error) {
      flight.handOver()
      throw error
    }
  }

  /** Looks in the store, then for a question that means the same. */
  async #find(
    lookup: Lookup,
  ): Promise<{ readonly verdict?: Verdict; readonly answer?: CachedAnswer; readonly embedded?: EmbeddedQuestion }> {
    const { call, key } = lookup
    const exact = await this.#answers.read(key.exact, { model: call.model, scope: key.scope })
    const verdict = exact === undefined ? undefined : this.#serve(lookup, exact, 'hit')
    if (exact !== undefined && verdict !== undefined) return { verdict, answer: exact }
    if (key.question === undefined || this.config.semantic === undefined || this.#questions === undefined) return {}
    const vector = await embedQuestion(this.#kit, this.config.semantic, call, key.question.text)
    if (vector === undefined) return {}
    const embedded = { text: key.question.text, vector }
    return { ...(await this.#findAlike(lookup, key.question.context, embedded)), embedded }
  }

  async #findAlike(
    lookup: Lookup,
    context: string,
    embedded: EmbeddedQuestion,
  ): Promise<{ readonly verdict?: Verdict; readonly answer?: CachedAnswer }> {
    const { call, key } = lookup
    const candidates = (await this.#questions?.find(context, embedded)) ?? []
    for (const { answerKey, similarity } of candidates) {
      if (similarity < (this.config.semantic?.threshold ?? 1)) break
      const answer = this.#answers.peek(answerKey) ?? (await this.#answers.read(answerKey, { model: call.model, scope: key.scope }))
      if (answer === undefined) {
        this.#questions?.remove(context, answerKey)
        continue
      }
      const verdict = this.#serve(lookup, answer, 'semantic-hit')
      if (verdict === undefined) continue
      call.setResponseHeader('x-bud-cache-similarity', similarity.toFixed(4))
      return { verdict, answer }
    }
    return {}
  }

  /** Undefined when the answer is too old for this caller, or cannot be given in the form that it asks for. */
  #serve(lookup: Lookup, answer: CachedAnswer, source: Source): Verdict {
    const { call, directives } = lookup
    const ageMs = Math.max(0, this.#kit.clock.nowMs() - answer.head.createdUnixMs)
    if (ageMs > directives.maxAgeMs) return undefined
    const replayed = replay(call, answer)
    if (replayed === undefined) return undefined
    this.#note(call, source)
    call.noteCache('hit')
    call.setResponseHeader('age', String(Math.floor(ageMs / 1_000)))
    const { usage, costUsd } = answer.head
    if (usage !== undefined) this.#kit.metrics.count(savedTokens, { model: call.model }, usage.inputTokens + usage.outputTokens)
    if (costUsd !== undefined) {
      this.#kit.metrics.count(savedUsd, { model: call.model }, costUsd)
      call.addTag('savedUsd', String(costUsd))
    }
    return { kind: 'answer', answer: replayed }
  }

  #go(lookup: Lookup, result: 'miss' | 'refresh', flight: Flight<CachedAnswer> | undefined, embedded?: EmbeddedQuestion): Verdict {
    const { call } = lookup
    this.#note(call, result)
    call.noteCache('miss')
    const recorder = new AnswerRecorder(this.config.answerBytes)
    const observer: CallObserver = {
      output: recorder,
      onFinish: (event) => {
        const answer = this.#answerOf(lookup, recorder, event)
        if (answer !== undefined) {
          flight?.land(answer)
          // What a fallback answered is not what the model asked for would have said: those who wait would have got it too, the next one asks again.
          if (event.model === call.model) this.#keep(lookup, answer, embedded)
        } else if (event.outcome === 'success') flight?.disband()
        else flight?.handOver()
      },
    }
    return { kind: 'go', observer }
  }

  #keep(lookup: Lookup, answer: CachedAnswer, embedded: EmbeddedQuestion | undefined): void {
    this.#answers.write(lookup.key.exact, answer)
    if (embedded !== undefined) this.#learn(lookup, embedded)
  }

  /** The answer, when it is one that others may get: whole, well, and not cut by a content filter. */
  #answerOf({ call, key }: Lookup, recorder: AnswerRecorder, event: RequestEvent): CachedAnswer | undefined {
    const isWell = event.outcome === 'success' && event.status === 200 && call.startMs > this.#answers.purgedMs
    const recorded = isWell ? recorder.take() : undefined
    if (recorded === undefined || filtered.test(toBuffer(recorded.body).toString('latin1'))) return undefined
    const createdUnixMs = this.#kit.clock.nowMs()
    const { inputTokens, cachedInputTokens, cacheWriteInputTokens, outputTokens, reasoningTokens } = event
    const usage = { inputTokens, cachedInputTokens, cacheWriteInputTokens, outputTokens, reasoningTokens }
    return {
      head: {
        kind: recorded.kind,
        includeUsage: call.head.includeUsage,
        model: call.model,
        scope: key.scope,
        createdUnixMs,
        expiresUnixMs: createdUnixMs + this.config.ttlMs,
        usage: event.usageSource === 'none' ? undefined : usage,
        costUsd: event.costUsd,
        finishReason: event.finishReason,
      },
      body: recorded.body,
    }
  }

  #learn({ key }: Lookup, embedded: EmbeddedQuestion): void {
    invariant(key.question !== undefined, 'only a question is embedded')
    this.#questions?.add(key.question.context, embedded, { key: key.exact, ttlMs: this.config.ttlMs }).catch((error: unknown) => {
      this.#kit.logger.warn('a question could not be indexed', { error })
    })
  }

  #note(call: StageCall, result: Source | 'miss' | 'refresh' | 'bypass'): void {
    call.setResponseHeader('x-bud-cache', result)
    call.addTag('cache', result)
    this.#kit.metrics.count(results, { model: call.model, result })
  }
}

const notCached: Verdict = { kind: 'refuse', error: cacheErrors.NOT_CACHED() }

/** `store: false` says that nobody may keep the answer. */
const mayKeep = (call: StageCall): boolean => toBuffer(call.head.raw('store') ?? new Uint8Array(0)).toString() !== 'false'

function headersOf(config: GatewayConfig): readonly string[] {
  const names = config.headers.toUpstream.map((name) => name.toLowerCase())
  const pattern = names.find((name) => name.endsWith('*'))
  if (pattern !== undefined) throw cacheErrors.CACHE_HEADERS_UNKNOWN({ header: pattern })
  return names.filter((name) => name !== 'idempotency-key').sort()
}

export const cacheStage: StageFactory = {
  id: 'cache',
  create: (config, kit, previous) => {
    const { cache } = config
    if (cache === undefined) return undefined
    const model = cache.semantic?.model
    if (model !== undefined && !Object.hasOwn(config.models, model)) throw cacheErrors.CACHE_MODEL_UNKNOWN({ model })
    const headers = headersOf(config)
    const unchanged =
      previous instanceof CacheStage && JSON.stringify([previous.config, previous.headers]) === JSON.stringify([cache, headers])
    return unchanged ? previous : new CacheStage(cache, headers, kit)
  },
}
