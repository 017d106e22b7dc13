/** The price book: every price that holds now, from three layers. What was set at run time goes before the configuration, and that before what is built in. */
import { createHash } from 'node:crypto'
import type { TokenUsage } from '@bud-foundry/core'
import { builtInPrices } from './built-in-prices.ts'
import { CompiledPrice, type PriceOrigin } from './compiled-price.ts'
import type { ModelPrice, PriceBookDocument, PriceEntry } from './price-schema.ts'

/** What is to be priced. */
export interface PricedTarget {
  readonly targetId: string
  /** Id of the target without the number of its credential: prices hold for all of them. */
  readonly model: string
  readonly providerId: string
  readonly upstreamModel: string
}

/** A price, and until when it holds without looking again. */
export interface FoundPrice {
  readonly price: CompiledPrice | undefined
  readonly untilUnixMs: number
}

interface Layer {
  readonly origin: PriceOrigin
  readonly prices: readonly CompiledPrice[]
}

const foreverMs = Number.POSITIVE_INFINITY
/** Prices of the configuration hold from the start. */
const always = '1970-01-01'

const startMs = (entry: PriceEntry): number => Date.parse(`${entry.validFrom}T00:00:00Z`)

/** The same content has the same version in every process. */
const versionOf = (origin: PriceOrigin, entry: PriceEntry): string =>
  `${origin}:${createHash('sha256').update(JSON.stringify(entry)).digest('hex').slice(0, 12)}`

/** Makes a price ready; throws GATEWAY_PRICE_NOT_EXACT for one that cannot be exact. */
export const compileEntry = (entry: PriceEntry, origin: PriceOrigin): CompiledPrice =>
  new CompiledPrice(entry, { version: versionOf(origin, entry), origin })

/** How closely an entry names a target: 0 when it does not. A name is closer than a pattern, and a longer pattern closer than a shorter one. */
function closeness({ subject }: PriceEntry, target: PricedTarget): number {
  // Above the length of any name.
  const exact = 1_000_000
  if ('targetId' in subject) return subject.targetId === target.targetId ? exact * 3 : 0
  if ('model' in subject) return subject.model === target.model ? exact * 2 : 0
  if (subject.provider !== target.providerId) return 0
  let best = 0
  for (const name of subject.upstreamModels) {
    if (name === target.upstreamModel) return exact
    if (name.endsWith('*') && target.upstreamModel.startsWith(name.slice(0, -1))) best = Math.max(best, name.length)
  }
  return best
}

function findIn(layer: Layer, target: PricedTarget, unixMs: number): FoundPrice {
  let price: CompiledPrice | undefined
  let best = 0
  let untilUnixMs = foreverMs
  for (const candidate of layer.prices) {
    const near = closeness(candidate.entry, target)
    if (near === 0) continue
    const from = startMs(candidate.entry)
    if (from > unixMs) {
      untilUnixMs = Math.min(untilUnixMs, from)
      continue
    }
    if (near > best || (near === best && price !== undefined && from >= startMs(price.entry))) {
      price = candidate
      best = near
    }
  }
  return { price, untilUnixMs }
}

interface SetPrice {
  readonly id: string
  readonly price: CompiledPrice
  readonly updatedUnixMs: number
}

/** Of two prices that are equally close the one set last wins: in every process, whichever it has heard of first. */
const bySetting = (left: SetPrice, right: SetPrice): number => left.updatedUnixMs - right.updatedUnixMs || (left.id < right.id ? -1 : 1)

export class PriceBook {
  /** Grows with each change, so that targets know when to look again. */
  revision = 0
  readonly #builtIn: Layer
  #config: Layer = { origin: 'config', prices: [] }
  readonly #setPrices = new Map<string, SetPrice>()
  /** Made of the prices above when somebody asks: ten thousand of them come one by one. */
  #admin: Layer | undefined
  readonly #versions = new Map<string, CompiledPrice>()

  constructor(builtIn: PriceBookDocument = builtInPrices()) {
    this.#builtIn = this.#compile('built-in', builtIn.entries)
  }

  /**
   * Checks the prices of the configuration (a book of its own, and those that stand beside targets and models), and returns what puts them in force.
   * @throws GATEWAY_PRICE_NOT_EXACT
   */
  prepareConfig(entries: readonly PriceEntry[]): () => void {
    const layer = this.#compile('config', entries)
    return () => {
      this.#config = layer
      this.revision += 1
    }
  }

  /** Puts one price that was set at run time in force, or takes it away. @throws GATEWAY_PRICE_NOT_EXACT: then the one from before is gone too. */
  setPrice(id: string, entry: PriceEntry | undefined, updatedUnixMs = 0): void {
    this.#setPrices.delete(id)
    this.#admin = undefined
    this.revision += 1
    if (entry === undefined) return
    const price = compileEntry(entry, 'admin')
    this.#setPrices.set(id, { id, price, updatedUnixMs })
    this.#versions.set(price.version, price)
  }

  find(target: PricedTarget, unixMs: number): FoundPrice {
    let untilUnixMs = foreverMs
    for (const layer of [this.#adminLayer, this.#config, this.#builtIn]) {
      const found = findIn(layer, target, unixMs)
      untilUnixMs = Math.min(untilUnixMs, found.untilUnixMs)
      if (found.price !== undefined) return { price: found.price, untilUnixMs }
    }
    return { price: undefined, untilUnixMs }
  }

  /** The price that a version of an event names; undefined when this process has never known it. */
  version(version: string): CompiledPrice | undefined {
    return this.#versions.get(version)
  }

  /** Every price of the three layers, those first that go before others. */
  list(): readonly CompiledPrice[] {
    return [...this.#adminLayer.prices, ...this.#config.prices, ...this.#builtIn.prices]
  }

  get #adminLayer(): Layer {
    this.#admin ??= { origin: 'admin', prices: [...this.#setPrices.values()].sort(bySetting).map(({ price }) => price) }
    return this.#admin
  }

  #compile(origin: PriceOrigin, entries: readonly PriceEntry[]): Layer {
    const prices = entries.map((entry) => compileEntry(entry, origin))
    for (const price of prices) this.#versions.set(price.version, price)
    return { origin, prices }
  }
}

/** A price of the configuration that stands beside a target or a model, as an entry of the book. */
export const configEntry = (subject: { readonly targetId: string } | { readonly model: string }, price: ModelPrice): PriceEntry => ({
  subject,
  price,
  validFrom: always,
})

/** One target's price, looked up again only when something has changed. */
export class TargetPrice {
  readonly #book: PriceBook
  readonly #target: PricedTarget
  readonly #now: () => number
  #revision = -1
  #found: FoundPrice = { price: undefined, untilUnixMs: 0 }

  /** `now` is Unix time: prices hold from a day on. */
  constructor(book: PriceBook, target: PricedTarget, now: () => number) {
    this.#book = book
    this.#target = target
    this.#now = now
  }

  /** What it costs now. */
  current(): CompiledPrice | undefined {
    return this.at(this.#now())
  }

  /** What a usage would cost now; undefined without a price. */
  costNanosNow(usage: TokenUsage, serviceTier?: string): number | undefined {
    const unixMs = this.#now()
    return this.at(unixMs)?.costNanos(usage, { unixMs, serviceTier })
  }

  /** Undefined when nobody has said what the target costs. */
  at(unixMs: number): CompiledPrice | undefined {
    if (this.#revision !== this.#book.revision || unixMs >= this.#found.untilUnixMs) {
      this.#revision = this.#book.revision
      this.#found = this.#book.find(this.#target, unixMs)
    }
    return this.#found.price
  }
}
