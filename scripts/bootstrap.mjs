/**
 * Makes a clone ready: packages as the lock file says, the embedded ClickHouse engine, git hooks, a build.
 * Does nothing when all of it is in place. Depends on nothing and runs on Node 20, because it works before anything is installed.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { runTool } from './setup/child.mjs'
import { chdbObstacle, installChdb, linkChdb } from './setup/embedded-clickhouse.mjs'
import { withSetupLock } from './setup/lock.mjs'
import { endIfAsked, fail, modules, npm, projectNode, root, say, sayIfSlow, seconds, toolEnvironment } from './setup/place.mjs'

const oldestNodeMajor = 20

const readJson = async (file) => JSON.parse(await readFile(file, 'utf8'))

const packageLock = path.join(root, 'package-lock.json')
const hash = (...texts) => createHash('sha256').update(texts.join('\0')).digest('hex')

/** Identifies what must be installed: the lock file, and the machine it was installed for. */
const installId = async () => hash(await readFile(packageLock, 'utf8'), process.platform, process.arch)

const stampFile = path.join(modules, '.bud-installed')

/** Whether npm's own record of node_modules holds everything that the lock file demands, for someone who ran npm by hand. */
const matchesLock = async () => {
  const record = path.join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const [wanted, present] = await Promise.all([readJson(packageLock), readJson(record)])
  return Object.entries(wanted.packages).every(([place, entry]) => {
    if (place === '' || entry.optional === true || entry.devOptional === true) return true
    const found = present.packages[place]
    return found !== undefined && found.version === entry.version && existsSync(path.join(root, place))
  })
}

const isInstalled = async (id) => {
  if (!existsSync(modules)) return false
  const stamp = await readFile(stampFile, 'utf8').catch(() => '')
  if (stamp === id) return true
  if (!(await matchesLock())) return false
  await writeFile(stampFile, id)
  return true
}

const installPackages = async () => {
  const id = await installId()
  if (await isInstalled(id)) return
  const startMs = performance.now()
  say('Installing packages (once; about half a minute on a fast line) ...')
  await rm(stampFile, { force: true })
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const { code, output } = await npm(args)
  endIfAsked()
  if (code !== 0) fail('npm ci failed, see above. Check the network and the registry (`npm ping`), then run the command again.', output)
  await writeFile(stampFile, id)
  say(`Installed packages in ${seconds(startMs)}.`)
}

const setHooks = async () => {
  if (process.env.CI !== undefined || !existsSync(path.join(root, '.git'))) return
  const present = await runTool('git', ['config', 'core.hooksPath'], { cwd: root }).catch(() => undefined)
  // A hooks path that someone chose is left alone.
  if (present === undefined || present.output.trim() !== '') return
  await runTool('git', ['config', 'core.hooksPath', '.githooks'], { cwd: root })
}

const build = async (filter) => {
  const startMs = performance.now()
  const settle = sayIfSlow('Building ...')
  const turbo = path.join(modules, 'turbo', 'bin', 'turbo')
  const args = ['run', 'build', '--output-logs=errors-only', '--log-order=grouped', ...(filter === undefined ? [] : [`--filter=${filter}`])]
  const { code, output } = await runTool(projectNode(), [turbo, ...args], { cwd: root, env: toolEnvironment() })
  settle()
  endIfAsked()
  if (code !== 0) fail('The build failed, see above.', output)
  if (performance.now() - startMs > 1500) say(`Built in ${seconds(startMs)}.`)
}

/** npm links commands before they are built, and so leaves ours out of a fresh clone. */
const linkCommands = async () => {
  if (process.platform === 'win32') return
  for (const name of await readdir(path.join(root, 'packages'))) {
    const { bin = {} } = await readJson(path.join(root, 'packages', name, 'package.json'))
    for (const [command, file] of Object.entries(bin)) {
      const target = path.join(root, 'packages', name, file)
      const link = path.join(modules, '.bin', command)
      if (!existsSync(target) || existsSync(link)) continue
      await chmod(target, 0o755)
      await rm(link, { force: true })
      await symlink(path.relative(path.dirname(link), target), link)
    }
  }
}

/**
 * Sets the clone up and returns the path of the Node that runs everything else.
 * `clickhouse: 'embedded'` insists on the embedded engine, `'external-allowed'` accepts BUD_CLICKHOUSE_URL instead.
 */
export const prepare = async ({ clickhouse = 'embedded', filter, built = true } = {}) => {
  if (Number(process.versions.node.split('.')[0]) < oldestNodeMajor)
    fail(`Node ${process.version} is too old to set this up; version ${oldestNodeMajor} or newer is needed (24 is best).`)
  const obstacle = chdbObstacle()
  const external = clickhouse === 'external-allowed' && (process.env.BUD_CLICKHOUSE_URL ?? '') !== ''
  if (obstacle !== undefined && !external) fail(obstacle)

  await withSetupLock(async () => {
    const [engine] = await Promise.all([obstacle === undefined && !external ? installChdb() : undefined, installPackages()])
    if (engine instanceof Error) fail(engine.message)
    if (engine !== undefined) await linkChdb(engine)
    await setHooks()
    if (built) {
      await build(filter)
      await linkCommands()
    }
  })
  return projectNode()
}
