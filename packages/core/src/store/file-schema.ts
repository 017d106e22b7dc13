/** Opens the store's SQLite file: checks whose it is and which version, and makes or upgrades the tables. */
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../time/clock.ts'
import { isSqliteBusy, toStoreError } from './sqlite-errors.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

/** "BudF" in ASCII; tells our files from other people's SQLite files. */
const applicationId = 0x42756446
const limits = storeLimits.file
const pageBytes = 4096

/** Entry n brings a file of version n to version n + 1; never edit one that was released. */
const upgrades: readonly string[] = [
  `CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires_at_ms INTEGER);
   CREATE INDEX entries_expiry ON entries (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
   CREATE TABLE windows (key TEXT NOT NULL, window_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, used INTEGER NOT NULL,
     ends_at_ms INTEGER NOT NULL, PRIMARY KEY (key, window_ms)) WITHOUT ROWID;
   CREATE INDEX windows_end ON windows (ends_at_ms);
   CREATE TABLE leases (key TEXT NOT NULL, id TEXT NOT NULL, amount INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
     PRIMARY KEY (key, id)) WITHOUT ROWID;
   CREATE INDEX leases_expiry ON leases (expires_at_ms);
   CREATE TABLE reservations (id TEXT NOT NULL PRIMARY KEY, expires_at_ms INTEGER NOT NULL, claims TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX reservations_expiry ON reservations (expires_at_ms);
   CREATE TABLE changes (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL);`,
]

function readPragma(database: DatabaseSync, name: string): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name]
  return typeof value === 'number' ? value : 0
}

function upgrade(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const owner = readPragma(database, 'application_id')
    const found = readPragma(database, 'user_version')
    const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
    if (owner !== applicationId && !(owner === 0 && found === 0 && isEmpty)) throw storeErrors.STORE_NOT_OURS({ path })
    if (found > upgrades.length) throw storeErrors.STORE_VERSION_NEWER({ path, found, supported: upgrades.length })
    for (const statements of upgrades.slice(found)) database.exec(statements)
    if (found < upgrades.length)
      database.exec(`PRAGMA application_id = ${String(applicationId)}; PRAGMA user_version = ${String(upgrades.length)}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function open({ path, fileBytesMax }: OpenOptions): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: limits.lockWaitMs })
  try {
    // The order matters: a file that is not ours is refused before its journal mode would be changed.
    upgrade(database, path)
    // NORMAL with a write-ahead log: what was committed survives the death of the process; a power cut may take the last moments, never the file.
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA max_page_count = ${String(Math.floor(fileBytesMax / pageBytes))}`,
    )
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

interface OpenOptions {
  readonly path: string
  readonly fileBytesMax: number
  readonly clock: Clock
}

/** Waits for other processes that are opening the same file, up to a bound. */
export async function openDatabase(options: OpenOptions): Promise<DatabaseSync> {
  const { clock } = options
  const deadlineMs = clock.monotonicMs() + limits.lockTimeoutMs
  for (;;) {
    try {
      return open(options)
    } catch (error) {
      if (!isSqliteBusy(error) || clock.monotonicMs() >= deadlineMs) throw toStoreError(error, options)
      await clock.sleep(limits.lockRetryMs)
    }
  }
}
