/** Installs what servers need: Debian packages once per run, and anything else into a folder outside the repository, built once. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const installTimeoutMs = 15 * 60_000
const maxOutputBytes = 64 * 2 ** 20

/** Runs a tool to its end; a failure carries what the tool said. */
export const runTool = async (
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> => {
  const { stdout } = await execute(command, args, { timeout: installTimeoutMs, maxBuffer: maxOutputBytes, ...options })
  return stdout
}

const findProgram = (program: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file))

let aptQueue: Promise<unknown> = Promise.resolve()
let aptUpdated = false

const aptInstall = async (debianPackage: string): Promise<void> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  if (!aptUpdated) await runTool('apt-get', ['update', '-q', ...wait], { env })
  aptUpdated = true
  await runTool('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...wait, debianPackage], { env })
}

/** The path of a program, from a Debian package when it is not there yet. apt works on one package at a time. */
export const ensureProgram = async (program: string, debianPackage: string): Promise<string> => {
  const present = findProgram(program)
  if (present !== undefined) return present
  const installed = aptQueue.then(() => aptInstall(debianPackage))
  aptQueue = installed.catch(() => undefined)
  try {
    await installed
  } catch (error) {
    throw new Error(`'${program}' is missing and apt-get could not install ${debianPackage}; install it by hand.`, { cause: error })
  }
  const found = findProgram(program)
  if (found === undefined) throw new Error(`The package ${debianPackage} brought no program '${program}'.`)
  return found
}

/** Where downloads are kept between runs and clones: BUD_CACHE_DIR, or the user's cache folder. */
export const cacheFolder = (): string =>
  process.env['BUD_CACHE_DIR'] ?? path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'bud-foundry')

/**
 * The folder with this id, filled by `fill` the first time. A half-filled folder is never seen: it gets its name when it is complete.
 * The id names every version that went in.
 */
export const cachedFolder = async (id: string, fill: (folder: string) => Promise<void>): Promise<string> => {
  const folder = path.join(cacheFolder(), id)
  if (existsSync(folder)) return folder
  await mkdir(cacheFolder(), { recursive: true })
  const partial = await mkdtemp(path.join(cacheFolder(), `.${id}-`))
  try {
    await fill(partial)
    await rename(partial, folder).catch((error: unknown) => {
      // Another run was faster; its folder has the same contents.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}
