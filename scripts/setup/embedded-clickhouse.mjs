/** The embedded ClickHouse engine (chdb): where it exists, and how it is installed beside the lock file. */
import { existsSync } from 'node:fs'
import { lstat, mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { cacheFolder, endIfAsked, modules, npm, say, seconds } from './place.mjs'

/** Kept out of the lock file: not every registry serves all of its platform packages, and `npm ci` then refuses the whole lock. */
const chdbVersion = '3.4.0'
const chdbPlatforms = { linux: { x64: 'linux-x64-gnu', arm64: 'linux-arm64-gnu' }, darwin: { x64: 'darwin-x64', arm64: 'darwin-arm64' } }

/** Undefined where the embedded engine exists; otherwise why not, and what to do. */
export const chdbObstacle = () => {
  if (process.platform === 'win32')
    return 'The embedded ClickHouse engine does not exist for Windows. Use WSL, or set BUD_CLICKHOUSE_URL to an external ClickHouse.'
  const musl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined
  if (chdbPlatforms[process.platform]?.[process.arch] !== undefined && !musl) return undefined
  const system = `${process.platform} ${process.arch}${musl ? ' with musl' : ''}`
  return `The embedded ClickHouse engine does not exist for ${system}. Set BUD_CLICKHOUSE_URL to an external ClickHouse.`
}

/**
 * Installs the engine under its own prefix and links it into node_modules. So it downloads while `npm ci` works,
 * survives the next `npm ci`, and no npm command sees it as a package to prune from the lock.
 */
export const installChdb = async () => {
  const prefix = path.join(cacheFolder, `chdb-${chdbVersion}-${process.platform}-${process.arch}`)
  if (existsSync(prefix)) return prefix
  const startMs = performance.now()
  const partial = `${prefix}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await writeFile(path.join(partial, 'package.json'), `${JSON.stringify({ private: true, dependencies: { chdb: chdbVersion } })}\n`)
  const { code, output } = await npm(
    [
      'install',
      '--no-package-lock',
      '--include=optional',
      '--omit=peer',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
    ],
    { cwd: partial },
  )
  endIfAsked()
  if (code !== 0) return new Error(`Installing chdb ${chdbVersion} failed:\n${output}`)
  const library = `@chdb/lib-${chdbPlatforms[process.platform][process.arch]}`
  if (!existsSync(path.join(partial, 'node_modules', library)))
    return new Error(`The npm registry in use does not serve ${library}, which the embedded ClickHouse engine needs.`)
  await rename(partial, prefix)
  say(`Installed the embedded ClickHouse engine in ${seconds(startMs)}.`)
  return prefix
}

/** Makes `import 'chdb'` find the engine; `npm ci` removes the link, so it is checked each time. */
export const linkChdb = async (prefix) => {
  const link = path.join(modules, 'chdb')
  const target = path.relative(modules, path.join(prefix, 'node_modules', 'chdb'))
  const present = await lstat(link).catch(() => undefined)
  if (present?.isSymbolicLink() && (await readlink(link)) === target) return
  await rm(link, { recursive: true, force: true })
  await symlink(target, link, 'dir')
}
