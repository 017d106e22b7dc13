/** What a verb of the command line is, and the parsing that all share. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Clock } from '@bud-foundry/core'

/** What a verb may touch. */
export interface CommandContext {
  readonly clock: Clock
  /** Of the package. */
  readonly version: string
  readonly readFile: (path: string) => Promise<string>
  readonly writeFile: (path: string, text: string) => Promise<void>
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal
  /** Whether standard error is a terminal, for progress. */
  readonly interactive: boolean
}

export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  run(args: readonly string[], context: CommandContext): Promise<void>
}

/** A mistake in the arguments: printed without a stack, with the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Ends a verb whose answer, already printed, is no: exit code 1 without a further message. */
export class NegativeAnswer extends Error {
  override readonly name = 'NegativeAnswer'
}

type Options = NonNullable<ParseArgsConfig['options']>

/** Node's parser with its errors turned into UsageErrors. */
export function parseFlags<const Flags extends Options>(args: readonly string[], options: Flags) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** The only argument besides the flags, if any. @throws UsageError naming the second one. */
export function onlyArgument(positionals: readonly string[]): string | undefined {
  const [first, second] = positionals
  if (second !== undefined) throw new UsageError(`'${second}' is one argument too many`)
  return first
}

/** A number from a flag. @throws UsageError naming flag, value and range. */
export function toNumber(
  flag: string,
  text: string | undefined,
  range: { readonly min: number; readonly max?: number; readonly whole?: boolean },
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  const max = range.max ?? Number.POSITIVE_INFINITY
  if (text.trim() === '' || !(value >= range.min && value <= max) || (range.whole === true && !Number.isInteger(value)))
    throw new UsageError(
      `--${flag} is '${text}'; use a ${range.whole === true ? 'whole ' : ''}number ${max === Number.POSITIVE_INFINITY ? `of at least ${String(range.min)}` : `from ${String(range.min)} to ${String(max)}`}`,
    )
  return value
}

/** Left-aligned text, right-aligned numbers. */
export function toTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number' || /^[\d.,%$<–-]+$/.test(row[column] ?? '')),
  )
  return cells
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
