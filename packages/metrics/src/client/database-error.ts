/** Sorts what a ClickHouse engine threw into errors worth a retry and errors that are not. */
import { coreErrors, isBudError, type BudError } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'

/**
 * Codes after which the same statement may succeed (ClickHouse, src/Common/ErrorCodes.cpp): too slow, too busy, connection trouble,
 * memory or disk short, table read-only while Keeper is away, too many parts, and an insert whose fate is unknown.
 */
const passingCodes: ReadonlySet<string> = new Set([
  '3',
  '74',
  '75',
  '76',
  '159',
  '202',
  '203',
  '209',
  '210',
  '225',
  '236',
  '241',
  '242',
  '243',
  '252',
  '279',
  '285',
  '319',
  '425',
  '439',
  '999',
])

function readField(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null || !(name in error)) return undefined
  // Safe: the line above proved that the field exists; its type is checked below.
  const value = (error as Record<string, unknown>)[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** Engines append their whole stack of scopes; the first line says what happened. */
function readReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.split('\n', 1)[0] ?? text).slice(0, 500)
}

export function toDatabaseError(what: string, error: unknown): BudError {
  if (isBudError(error)) return error
  if (readField(error, 'name') === 'AbortError') return coreErrors.ABORTED({ what }, { cause: error })
  // The embedded engine keeps the code of ClickHouse apart from its own.
  const code = readField(error, 'clickhouseCode') ?? readField(error, 'code')
  const reason = readReason(error)
  // A code that is not a number comes from the network (ECONNREFUSED) or is absent; the statement was not judged.
  const judged = code !== undefined && (/^\d+$/.test(code) || code.startsWith('CHDB_'))
  if (!judged || passingCodes.has(code)) {
    return metricsErrors.DATABASE_UNAVAILABLE({ what, reason }, { cause: error })
  }
  return metricsErrors.DATABASE_REFUSED({ what, code, reason }, { cause: error })
}
