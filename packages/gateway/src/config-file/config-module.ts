/** Reads a configuration written in TypeScript or JavaScript, each time anew and with all that it imports, without keeping it in this process. */
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { gatewayErrors } from '../errors.ts'
import { configDepth, configModuleHeapMegabytes, configModuleMs } from './config-file-limits.ts'

/**
 * Runs in a thread of its own: modules stay loaded for as long as their thread lives, so a thread is the only way to read one again and to
 * forget the last one, and to stop one that never ends. What is sent back must be data; everything else is reported with its place.
 */
const threadSource = `
const { parentPort, workerData } = require('node:worker_threads')
const describe = (value) => typeof value === 'object' ? 'an instance of ' + (value.constructor?.name ?? 'a class') : 'a ' + typeof value
const problems = []
const toData = (value, path, depth) => {
  if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return value
  if (depth > workerData.depth) { problems.push({ path, what: 'nested too deeply' }); return undefined }
  const at = (name) => path === '' ? String(name) : path + '.' + String(name)
  if (Array.isArray(value)) return value.map((item, index) => toData(item, at(index), depth + 1))
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  if (prototype === null || prototype === Object.prototype) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toData(item, at(name), depth + 1)]))
  problems.push({ path: path === '' ? '(root)' : path, what: describe(value) })
  return undefined
}
import(workerData.url).then((loaded) => {
  const found = loaded.default ?? loaded.config
  if (found === undefined) return parentPort.postMessage({ kind: 'no-export', names: Object.keys(loaded) })
  const value = toData(found, '', 0)
  parentPort.postMessage(problems.length > 0 ? { kind: 'not-data', problems } : { kind: 'value', value })
}).catch((error) => {
  parentPort.postMessage({ kind: 'error', message: error instanceof Error ? error.message : String(error) })
})
`

type Loaded =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'no-export'; readonly names: readonly string[] }
  | { readonly kind: 'not-data'; readonly problems: readonly { readonly path: string; readonly what: string }[] }
  | { readonly kind: 'error'; readonly message: string }

async function loadInThread(path: string): Promise<Loaded> {
  const worker = new Worker(threadSource, {
    eval: true,
    workerData: { url: pathToFileURL(path).href, depth: configDepth },
    resourceLimits: { maxOldGenerationSizeMb: configModuleHeapMegabytes },
    name: 'config',
  })
  const deadline = AbortSignal.timeout(configModuleMs)
  try {
    const ended = once(worker, 'exit', { signal: deadline }).then((): Loaded => ({ kind: 'error', message: 'it ended the process' }))
    // The thread above sends nothing but these.
    const told = once(worker, 'message', { signal: deadline }).then(([loaded]): Loaded => loaded as Loaded)
    return await Promise.race([told, ended])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'error', message: deadline.aborted ? `it did not load within ${String(configModuleMs)} ms` : reason }
  } finally {
    await worker.terminate()
  }
}

/**
 * The default export, or the one named `config`.
 * @throws GATEWAY_CONFIG_FILE_UNREADABLE or GATEWAY_CONFIG_FILE_INVALID.
 */
export async function loadConfigModule(path: string): Promise<unknown> {
  const loaded = await loadInThread(path)
  switch (loaded.kind) {
    case 'value':
      return loaded.value
    case 'error':
      throw gatewayErrors.CONFIG_FILE_UNREADABLE({ path, reason: loaded.message })
    case 'no-export': {
      const names = loaded.names.length === 0 ? 'nothing' : loaded.names.join(', ')
      const reason = `it exports ${names}; export the configuration as default, or by the name 'config'`
      throw gatewayErrors.CONFIG_FILE_UNREADABLE({ path, reason })
    }
    case 'not-data': {
      const fix = "write plain data; credentials as 'env:NAME' or 'file:/path'"
      const problems = loaded.problems.map((problem) => ({ path: problem.path, message: `is ${problem.what}`, fix }))
      throw gatewayErrors.CONFIG_FILE_INVALID({ path, problems })
    }
  }
}
