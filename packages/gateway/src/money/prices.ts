/** Prices that an administrator sets at run time: kept in the Store, in force in every process as soon as the store has told. */
import { createMemoryStore, systemClock, type Clock, type Store } from '@bud-foundry/core'
import { z } from 'zod'
import { RecordMirror } from '../key/record-mirror.ts'
import { priceBookEntries } from '../limits.ts'
import type { CompiledPrice } from './compiled-price.ts'
import { compileEntry, PriceBook } from './price-book.ts'
import { priceEntrySchema, type PriceBookDocument, type PriceEntry } from './price-schema.ts'

const prefix = 'gateway/prices/'

/** Schema of PriceRecord. */
export const priceRecordSchema = priceEntrySchema.extend({
  id: z.string().regex(/^[\w.:-]{1,128}$/, 'use up to 128 letters, digits, dots, colons, dashes and underscores'),
  updatedUnixMs: z.number().nonnegative(),
})

/** A price that was set at run time. */
export type PriceRecord = Readonly<z.output<typeof priceRecordSchema>>

export interface Prices extends AsyncDisposable {
  /** Everything that has a price now, from all layers. */
  readonly book: PriceBook
  /** Resolves when the prices in the store have been read. */
  readonly ready: Promise<void>
  /** Makes or replaces it. @throws CORE_CONFIG_INVALID naming the field, GATEWAY_PRICE_NOT_EXACT */
  put(id: string, entry: PriceEntry): Promise<PriceRecord>
  delete(id: string): Promise<boolean>
  get(id: string): PriceRecord | undefined
  list(): readonly PriceRecord[]
}

export interface PricesParts {
  /** Default: one in memory, for a process that keeps no prices. */
  readonly store?: Store | undefined
  readonly clock?: Clock | undefined
  /** In place of the prices that come with the gateway. */
  readonly builtIn?: PriceBookDocument | undefined
  /** Told about records that cannot be read, and stores that cannot be reached. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

const entryOf = ({ subject, price, validFrom, source }: PriceEntry): PriceEntry => ({
  subject,
  price,
  validFrom,
  ...(source === undefined ? {} : { source }),
})

class StoredPrices implements Prices {
  readonly book: PriceBook
  readonly ready: Promise<void>
  readonly #clock: Clock
  readonly #mirror: RecordMirror<PriceRecord>

  constructor({ store, clock = systemClock, builtIn, onFailure = () => undefined }: PricesParts) {
    this.book = new PriceBook(builtIn)
    this.#clock = clock
    this.#mirror = new RecordMirror<PriceRecord>({
      store: store ?? createMemoryStore({ clock }),
      clock,
      prefix,
      schema: priceRecordSchema,
      what: 'price',
      countMax: priceBookEntries,
      ttlMs: () => undefined,
      onChange: (before, after) => {
        try {
          this.book.setPrice((after ?? before)?.id ?? '', after === undefined ? undefined : entryOf(after), after?.updatedUnixMs)
        } catch (error) {
          // One that cannot be exact, written by another version, must not keep the others from changing.
          onFailure(error)
        }
      },
      onReload: () => Promise.resolve(),
      onFailure,
    })
    this.ready = this.#mirror.ready
  }

  async put(id: string, entry: PriceEntry): Promise<PriceRecord> {
    // What cannot be exact is refused before it is stored.
    const price: CompiledPrice = compileEntry(entry, 'admin')
    const record = { ...entryOf(price.entry), id, updatedUnixMs: this.#clock.nowMs() }
    return (await this.#mirror.change(id, () => record)) ?? (await this.#mirror.create(record))
  }

  delete(id: string): Promise<boolean> {
    return this.#mirror.delete(id)
  }

  get(id: string): PriceRecord | undefined {
    return this.#mirror.get(id)
  }

  list(): readonly PriceRecord[] {
    return this.#mirror.list()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#mirror[Symbol.asyncDispose]()
  }
}

/** Opens the price book. Pass it to every gateway that is to charge by it. */
export const createPrices = (parts: PricesParts = {}): Prices => new StoredPrices(parts)
