/** From a file to the plain data in it: TypeScript, JavaScript, JSON or YAML, by its ending. */
import { readFile, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { gatewayErrors } from '../errors.ts'
import { configFileBytes } from './config-file-limits.ts'
import { loadConfigModule } from './config-module.ts'

const moduleEndings = new Set(['.ts', '.mts', '.js', '.mjs'])
const endings = '.ts, .mts, .js, .mjs, .json, .yaml or .yml'

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true })
  const place = (offsets: readonly [{ readonly line: number; readonly col: number }, ...unknown[]] | undefined) =>
    offsets === undefined ? '(root)' : `line ${String(offsets[0].line)}, column ${String(offsets[0].col)}`
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: place(error.linePos),
      // The first line says it; the rest quotes the file, which may hold secrets.
      message: error.message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code,
      fix: undefined,
    }))
    throw gatewayErrors.CONFIG_FILE_INVALID({ path, problems })
  }
  try {
    return document.toJS()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw gatewayErrors.CONFIG_FILE_UNREADABLE({ path, reason: `its aliases cannot be resolved (${reason})` }, { cause: error })
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // V8 quotes the text around the mistake, which may hold secrets; the position is enough.
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined
    const before = position === undefined ? text : text.slice(0, Number(position))
    const line = before.split('\n').length
    const column = before.length - before.lastIndexOf('\n')
    const reason = `it is not valid JSON at line ${String(line)}, column ${String(column)}; correct it there`
    throw gatewayErrors.CONFIG_FILE_UNREADABLE({ path, reason })
  }
}

/**
 * The data, not yet checked against any schema.
 * @throws GATEWAY_CONFIG_FILE_UNREADABLE when it cannot be read or parsed, GATEWAY_CONFIG_FILE_INVALID when parts of it are no data.
 */
export async function readConfigFile(file: string): Promise<unknown> {
  const path = resolve(file)
  const ending = extname(path).toLowerCase()
  const unreadable = (reason: string, cause?: unknown) => gatewayErrors.CONFIG_FILE_UNREADABLE({ path, reason }, { cause })
  let text
  try {
    const { size } = await stat(path)
    if (size > configFileBytes) throw unreadable(`it has ${String(size)} bytes, and ${String(configFileBytes)} are the limit`)
    if (moduleEndings.has(ending)) return await loadConfigModule(path)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(error.message, error)
    throw error
  }
  if (ending === '.json') return parseJson(path, text)
  if (ending === '.yaml' || ending === '.yml') return parseYaml(path, text)
  throw unreadable(`its name ends in '${ending}'; use ${endings}`)
}
