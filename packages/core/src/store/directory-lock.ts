/** Keeps a directory to one process; the operating system lets go when that process dies, however it dies. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isSqliteBusy, toStoreError } from './sqlite-errors.ts'
import { storeErrors } from './store-errors.ts'

/** Node has no flock; SQLite's exclusive lock is one that works on every system, also between two users in one process. */
const lockFile = 'lock.db'

/**
 * Makes the directory when missing, and holds it until disposed.
 * @throws CORE_STORE_LOCKED when another holder lives, CORE_STORE_UNWRITABLE when the directory cannot be used.
 */
export function lockDirectory(directory: string): Disposable {
  const path = join(directory, lockFile)
  let database: DatabaseSync | undefined
  try {
    mkdirSync(directory, { recursive: true })
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isSqliteBusy(error)) throw storeErrors.STORE_LOCKED({ path: directory }, { cause: error })
    if (database === undefined) throw storeErrors.STORE_UNWRITABLE({ path: directory, reason: reasonOf(error) }, { cause: error })
    throw toStoreError(error, { path, fileBytesMax: 0 })
  }
  const held = database
  return {
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close()
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
