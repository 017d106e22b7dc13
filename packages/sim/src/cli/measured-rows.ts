/** Files of measured rows and of trained corrections, as command lines name them. */
import { loadCorrections, loadShippedCorrections, noCorrections, type Corrections } from '../correct/corrections.ts'
import { checkColumns, findOtherSeparator } from '../validate/columns.ts'
import { parseCsv } from '../validate/csv.ts'
import { UsageError, type CommandContext } from './command.ts'

async function readText(file: string, context: CommandContext): Promise<string> {
  try {
    return await context.readFile(file)
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @throws UsageError when the file cannot be read, holds no rows, or lacks a column that every row needs. */
export async function readRows(file: string, context: CommandContext): Promise<readonly Readonly<Record<string, string>>[]> {
  const rows = parseCsv(await readText(file, context))
  const [first] = rows
  if (first === undefined) throw new UsageError(`${file} has no rows; it needs a header line and one line for each measurement`)
  const columns = Object.keys(first)
  const separator = findOtherSeparator(columns)
  if (separator !== undefined)
    throw new UsageError(`${file} is separated by ${separator === '\t' ? 'tabs' : `'${separator}'`}; separate its columns by commas`)
  const { missing } = checkColumns(columns)
  if (missing.length > 0)
    throw new UsageError(
      `${file} has no column ${missing.map((column) => `'${column}'`).join(', ')}; its header names ${columns.join(', ')}`,
    )
  return rows
}

/** Those of the files; without any those that the package ships, unless the prediction is to stay analytical. */
export async function chooseCorrections(
  given: { readonly analytical: boolean | undefined; readonly files: readonly string[] | undefined },
  context: CommandContext,
): Promise<Corrections> {
  if (given.analytical === true) return noCorrections
  if (given.files === undefined) return loadShippedCorrections()
  const models: object[] = []
  for (const file of given.files) {
    const model = toJson(await readText(file, context))
    if (typeof model !== 'object' || model === null)
      throw new UsageError(`${file} holds no XGBoost model as JSON; give a file that 'bud-sim train --out' wrote`)
    models.push(model)
  }
  return loadCorrections(models)
}
