/** Turns what node:sqlite throws into the store's errors, by SQLite's result codes. */
import { isBudError, type BudError } from '../error/bud-error.ts'
import { storeErrors } from './store-errors.ts'

/** Primary result codes: https://sqlite.org/rescode.html */
const result = { busy: 5, locked: 6, readOnly: 8, ioError: 10, full: 13, cannotOpen: 14, notADatabase: 26 } as const

/** The primary code, which is the low byte of an extended one; undefined when the error is not SQLite's. */
export function sqliteResultOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

export function isSqliteBusy(error: unknown): boolean {
  const code = sqliteResultOf(error)
  return code === result.busy || code === result.locked
}

export interface FileBounds {
  readonly path: string
  readonly fileBytesMax: number
}

export function toStoreError(error: unknown, { path, fileBytesMax }: FileBounds): BudError {
  if (isBudError(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  switch (sqliteResultOf(error)) {
    case result.busy:
    case result.locked:
      return storeErrors.STORE_BUSY({ what: `'${path}' stayed locked by another process`, fix: 'try again' }, { cause: error })
    case result.full:
      return storeErrors.STORE_FULL({ what: `bytes in '${path}', or the disk does,`, limit: fileBytesMax }, { cause: error })
    case result.readOnly:
    case result.cannotOpen:
    case result.ioError:
      return storeErrors.STORE_UNWRITABLE({ path, reason }, { cause: error })
    case result.notADatabase:
      return storeErrors.STORE_NOT_OURS({ path }, { cause: error })
    default:
      return storeErrors.STORE_FAILED({ what: `'${path}': ${reason}` }, { cause: error })
  }
}
