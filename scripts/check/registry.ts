/** A package registry of our own on loopback (verdaccio), empty but for what is published to it, gone after use. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { cachedFolder } from '../services/install.ts'
import { freePort, startProcess } from '../services/service.ts'
import { run, type ToolResult } from './repository.ts'

/** Installed when first needed and kept outside the lock file: its three hundred packages would slow every user's first start. */
const verdaccioVersion = '6.10.4'
/** One of its packages asks for the tag `cjs` of node-fetch, which not every registry serves; this is the release behind the tag's line. */
const overrides = { 'node-fetch': '2.7.0' }
const readyTimeoutMs = 60_000
const npmTimeoutMs = 5 * 60_000

export interface Registry {
  /** Runs npm so that our scope comes from this registry, and everything else from the user's. */
  readonly npm: (args: readonly string[], cwd: string) => Promise<ToolResult>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const installVerdaccio = (): Promise<string> =>
  cachedFolder(`verdaccio-${verdaccioVersion}-node${process.versions.node.split('.')[0]}`, async (folder) => {
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, overrides }))
    const flags = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder]
    const { code, output } = await run('npm', ['install', ...flags, `verdaccio@${verdaccioVersion}`], {
      cwd: folder,
      timeoutMs: npmTimeoutMs,
    })
    if (code !== 0) throw new Error(`verdaccio could not be installed:\n${output}`)
  })

// Without uplinks: what is not published here is not here, so a package that was forgotten is missed.
const configuration = (folder: string): string => `storage: ${JSON.stringify(path.join(folder, 'storage'))}
auth: { htpasswd: { file: ${JSON.stringify(path.join(folder, 'htpasswd'))}, max_users: -1 } }
uplinks: {}
packages: { '@bud-foundry/*': { access: $all, publish: $all, unpublish: $all } }
web: { enable: false }
max_body_size: 100mb
log: { type: stdout, format: pretty, level: warn }
`

/** Starts the registry with its storage inside `folder`. */
export const startRegistry = async (folder: string): Promise<Registry> => {
  const verdaccio = await installVerdaccio()
  await mkdir(folder, { recursive: true })
  const configFile = path.join(folder, 'config.yaml')
  await writeFile(configFile, configuration(folder))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const stop = await startProcess({
    command: process.execPath,
    args: [path.join(verdaccio, 'node_modules/verdaccio/bin/verdaccio'), '--config', configFile, '--listen', `127.0.0.1:${port}`],
    isReady: async () => (await fetch(`${url}-/ping`)).ok,
    readyTimeoutMs,
  })
  // npm insists on some token before it publishes; the registry lets anyone in.
  const settings = [
    `--@bud-foundry:registry=${url}`,
    `--//127.0.0.1:${port}/:_authToken=anyone`,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  return {
    npm: (args, cwd) => run('npm', [...args, ...settings], { cwd, timeoutMs: npmTimeoutMs }),
    [Symbol.asyncDispose]: stop,
  }
}
