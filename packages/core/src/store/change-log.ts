/** The changes of all processes on one file, in one order: written with each change, read by those who subscribed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import type { StoreChange } from '../contracts/store.ts'
import { storeLimits } from './store-limits.ts'

const limits = storeLimits.file
const pruneEvery = 256
const pageRows = 1_000

const changeRow = z.object({ seq: z.number(), kind: z.enum(['set', 'delete']), key: z.string() })
const boundsRow = z.object({ first: z.number(), last: z.number() })

export class ChangeLog {
  readonly #append: StatementSync
  readonly #prune: StatementSync
  readonly #bounds: StatementSync
  readonly #after: StatementSync
  #sincePrune = 0
  #seenSeq = 0

  constructor(database: DatabaseSync) {
    this.#append = database.prepare('INSERT INTO changes (kind, key) VALUES (?, ?)')
    // The newest rows always stay, so numbers are never given out twice.
    this.#prune = database.prepare(`DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ${String(limits.changes)}`)
    this.#bounds = database.prepare('SELECT coalesce(min(seq), 0) AS first, coalesce(max(seq), 0) AS last FROM changes')
    this.#after = database.prepare('SELECT seq, kind, key FROM changes WHERE seq > ? ORDER BY seq LIMIT ?')
  }

  /** Inside a transaction. */
  append(kind: 'set' | 'delete', key: string): void {
    this.#append.run(kind, key)
    this.#sincePrune += 1
    if (this.#sincePrune < pruneEvery) return
    this.#sincePrune = 0
    this.#prune.run()
  }

  /** Forgets what was before now. */
  skip(): void {
    this.#seenSeq = boundsRow.parse(this.#bounds.get()).last
  }

  /** What happened since the last call; a single `resync` when some of it is no longer there. */
  read(): readonly StoreChange[] {
    const { first, last } = boundsRow.parse(this.#bounds.get())
    if (last === this.#seenSeq) return []
    // A smaller number than before means that the file was replaced under us.
    if (last < this.#seenSeq || first > this.#seenSeq + 1) {
      this.#seenSeq = last
      return [{ kind: 'resync' }]
    }
    const changes: StoreChange[] = []
    while (this.#seenSeq < last) {
      const rows = this.#after.all(this.#seenSeq, pageRows).map((row) => changeRow.parse(row))
      const newest = rows.at(-1)
      if (newest === undefined) break
      this.#seenSeq = newest.seq
      for (const { kind, key } of rows) changes.push({ kind, key })
    }
    return changes
  }
}
