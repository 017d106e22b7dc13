/** The commands for budgets, prices, spend and the audit, and those that change records: each is one administrative operation. */
import { readFileSync } from 'node:fs'
import { systemClock, type SecretStore } from '@bud-foundry/core'
import type { AdminOperationName } from '../admin/admin.ts'
import { gatewayErrors } from '../errors.ts'
import { repeatedField } from '../governance/repeated-field.ts'
import { administer, commandCaller } from './administration.ts'
import type { StoreOptions } from './parse-words.ts'
import { openStore } from './open-store.ts'

export interface OperationCommand {
  readonly kind: 'operation'
  readonly store: StoreOptions
  readonly json: boolean
  readonly operation: AdminOperationName
  readonly input: { readonly params?: object; readonly query?: object; readonly body?: object }
}

type Row = Readonly<Record<string, unknown>>

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A cell of a line: what is nested is written as JSON. */
const cell = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

const time = (unixMs: unknown): string => (typeof unixMs === 'number' ? new Date(unixMs).toISOString() : '')

/** What a line shows of each kind of thing; everything else is in `--json`. */
const cellsOf: { readonly [Name in AdminOperationName]?: (row: Row) => readonly unknown[] } = {
  listAudit: (row) => {
    const actor = isRow(row['actor']) ? row['actor'] : {}
    const subject = isRow(row['subject']) ? row['subject'] : {}
    return [time(row['timeUnixMs']), actor['id'], row['action'], subject['id'], row['outcome'], row['errorCode']]
  },
  listPrices: (row) => [row['id'] ?? row['version'], row['origin'] ?? 'set', row['subject'], row['validFrom'], row['price']],
  listBudgets: (row) => [row['id'], row['subject'], `$${cell(row['limitUsd'])}`, row['window'], row['stop'] === true ? 'stops' : 'tells'],
  getSpend: (row) => [
    ...Object.values(isRow(row['group']) ? row['group'] : {}),
    row['requests'],
    row['inputTokens'],
    row['outputTokens'],
    `$${cell(row['costUsd'])}`,
  ],
}

/** The elements of a list, or the one thing itself. */
function rowsOf(result: unknown): readonly unknown[] {
  if (!isRow(result)) return [result]
  const list = result['data'] ?? result['lines']
  return Array.isArray(list) ? list : [result]
}

function show({ operation, json }: OperationCommand, result: unknown, print: (text: string) => void): void {
  const cells = cellsOf[operation]
  for (const row of rowsOf(result)) {
    if (json || cells === undefined || !isRow(row)) print(JSON.stringify(row))
    else print(cells(row).map(cell).join('\t'))
  }
  if (!json && operation === 'listAudit' && isRow(result) && result['isPartial'] === true) {
    print('(partial: ask for fewer days)')
  }
  if (!json && isRow(result) && 'totalUsd' in result) {
    print(`total\t$${cell(result['totalUsd'])}${result['isPartial'] === true ? '\t(partial: ask for fewer days)' : ''}`)
  }
}

export async function runOperationCommand(command: OperationCommand, secrets: SecretStore, print: (text: string) => void): Promise<void> {
  await using store = await openStore(command.store, secrets)
  await administer({ store }, async ({ admin }) => {
    show(command, await admin.callUnchecked(command.operation, command.input, commandCaller()), print)
  })
}

/** A day, today for `undefined`. */
export const dayText = (unixMs = systemClock.nowMs()): string => new Date(unixMs).toISOString().slice(0, 10)

/** Standard input, for what neither the list of processes nor the history of a shell should see. */
export function readSecretWord(option: string): string {
  const word = readFileSync(0, 'utf8').trim()
  if (word === '') throw gatewayErrors.OPTION_INVALID({ option: `${option} -`, problem: 'needs it on standard input, which is empty' })
  return word
}

/** The JSON of a file; `-` is standard input. */
export function readJson(option: string, path: string): object {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8')
    const value: unknown = JSON.parse(text)
    if (!isRow(value)) throw new Error('it holds no object')
    const repeated = repeatedField(text)
    if (repeated === undefined) return value
    throw new Error(`the field '${repeated}' stands more than once in one object`)
  } catch (error) {
    const problem = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw gatewayErrors.OPTION_INVALID({ option: `${option} ${path}`, problem }, { cause: error })
  }
}
