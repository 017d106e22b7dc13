/** The repository as the checks see it: its files, its packages, and tools run on them. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export const root = fileURLToPath(new URL('../../', import.meta.url))
const toolTimeoutMs = 10 * 60_000
const maxOutputBytes = 64 * 2 ** 20

export interface ToolResult {
  readonly code: number
  readonly stdout: string
  /** Both streams, for a person. */
  readonly output: string
}

export interface ToolOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/** Runs a program to its end, whatever its exit status. Throws when it cannot start or takes too long. */
export const run = (command: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> =>
  new Promise((resolve, reject) => {
    const { cwd = root, env = process.env, timeoutMs = toolTimeoutMs } = options
    execFile(command, args, { cwd, env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number')
        reject(new Error(`${command} ${args.join(' ')} did not end by itself: ${error.message}`, { cause: error }))
      else resolve({ code: Number(error?.code ?? 0), stdout, output: stdout + stderr })
    })
  })

/** Runs a program of node_modules/.bin on this Node. */
export const runBin = (name: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> =>
  run(path.join(root, 'node_modules/.bin', name), args, options)

/** Every file that is part of the repository or about to be: tracked, and untracked where git does not ignore it. */
export const listFiles = async (...patterns: readonly string[]): Promise<readonly string[]> => {
  const { code, stdout, output } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns])
  if (code !== 0) throw new Error(`The checks need a git work tree: ${output}`)
  const deleted = await run('git', ['ls-files', '-z', '--deleted'])
  const gone = new Set(deleted.stdout.split('\0'))
  return [...new Set(stdout.split('\0'))].filter((file) => file !== '' && !gone.has(file))
}

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
  bin: z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  peerDependenciesMeta: z.record(z.string(), z.looseObject({ optional: z.boolean().default(false) })).default({}),
})

export interface EntryPoint {
  /** As written in `exports`: `.` or `./testing`. */
  readonly subpath: string
  /** What users import: `@bud-foundry/core/testing`. */
  readonly specifier: string
  /** Paths inside the package. */
  readonly types: string
  readonly source: string
}

export interface Package {
  /** The folder's name under packages/. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly folder: string
  readonly manifest: z.output<typeof manifestSchema>
  readonly entryPoints: readonly EntryPoint[]
}

/** A program that others may start by its path; nobody imports it. */
const isProgram = (subpath: string): boolean => subpath.startsWith('./bin/')

/** Style sheets and data are exported too, and have neither types nor names to look at. */
const isModule = (target: string): boolean => /\.[jt]sx?$/.test(target)

const readEntryPoints = (manifest: z.output<typeof manifestSchema>): EntryPoint[] =>
  Object.entries(manifest.exports).flatMap(([subpath, conditions]) => {
    if (typeof conditions === 'string') return []
    if (isProgram(subpath) || Object.values(conditions).every((target) => !isModule(target))) return []
    const { types, 'bud-source': source } = conditions
    if (types === undefined || source === undefined)
      throw new Error(`${manifest.name} exports '${subpath}' without "types" or "bud-source"; see CONTRIBUTING.md, "A new subpath".`)
    return [{ subpath, specifier: manifest.name + subpath.slice(1), types, source }]
  })

/** The published packages. */
export const readPackages = (): Promise<readonly Package[]> =>
  Promise.all(
    readdirSync(path.join(root, 'packages')).map(async (id) => {
      const folder = path.join(root, 'packages', id)
      const manifest = manifestSchema.parse(JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')))
      return { id, name: manifest.name, version: manifest.version, folder, manifest, entryPoints: readEntryPoints(manifest) }
    }),
  )

/** Runs `work` in a temporary folder that is removed afterwards. */
export const inTemporaryFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bud-check-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
