/** Where things are, how progress is told, and how npm and other tools are called. Depends on nothing and runs on Node 20. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { endingSignal, runTool } from './child.mjs'

/** The repository's root folder. */
export const root = path.resolve(fileURLToPath(import.meta.url), '../../..')
export const modules = path.join(root, 'node_modules')
/** Everything that is downloaded or remembered outside node_modules; git ignores it. */
export const cacheFolder = path.join(root, '.cache')

export const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

export const say = (line) => process.stderr.write(`${line}\n`)

/** Says a line only when the work takes long enough for someone to wonder. */
export const sayIfSlow = (line) => {
  const timer = setTimeout(say, 1500, line)
  return () => clearTimeout(timer)
}

/** Prints what went wrong and ends with status 1. For problems that the user solves, where a stack trace would only hide the sentence. */
export const fail = (message, details = '') => {
  if (details.trim() !== '') process.stderr.write(`${details.trimEnd()}\n\n`)
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** Ends where a signal asked for it while a tool was running; its failure is then no news. */
export const endIfAsked = () => {
  const signal = endingSignal()
  if (signal !== undefined) process.exit(signal === 'SIGINT' ? 130 : signal === 'SIGHUP' ? 129 : 143)
}

/** The environment of tools: nothing of the npm run that started us, our binaries first, no telemetry. */
export const toolEnvironment = () => {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(?:package|lifecycle)_/.test(name) && !['npm_config_local_prefix', 'npm_command', 'INIT_CWD', 'BUD_PARENT_PID'].includes(name),
  )
  const env = Object.fromEntries(kept)
  env.PATH = [path.join(modules, '.bin'), env.PATH ?? ''].join(path.delimiter)
  env.TURBO_TELEMETRY_DISABLED = '1'
  return env
}

export const npm = (args, options = {}) => {
  const cli = process.env.npm_execpath
  const env = { ...toolEnvironment(), npm_config_update_notifier: 'false' }
  // The installed Node may vanish during `npm ci`, so npm runs on the Node that runs this script.
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) return runTool(process.execPath, [cli, ...args], { env, cwd: root, ...options })
  return runTool('npm', args, { env, cwd: root, ...options })
}

/**
 * The Node that runs everything else: the pinned one. The present one where BUD_NODE is `system` (CI tries other versions so),
 * or where install scripts are switched off and it is new enough.
 */
export const projectNode = () => {
  const pinned = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (process.env.BUD_NODE !== 'system' && existsSync(pinned)) return pinned
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major >= 26 || (major === 24 && minor >= 11) || (major === 22 && minor >= 19)) return process.execPath
  return fail(
    `The pinned Node is missing from node_modules or not wanted (BUD_NODE), and this one (${process.version}) is too old. ` +
      'npm is probably set to ignore install scripts: run `npm config set ignore-scripts false`, or use Node 24, then remove node_modules and try again.',
  )
}
