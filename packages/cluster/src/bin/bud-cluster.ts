#!/usr/bin/env node
/** The `bud-cluster` command: connects the command line to the process, a kubeconfig and a folder of journals. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, hostname, userInfo } from 'node:os'
import path from 'node:path'
import { createSecret, isBudError } from '@bud-foundry/core'
import { createFileStore } from '@bud-foundry/core/store/file'
import { lockDirectory } from '@bud-foundry/core/store/lock'
import type { CliContext } from '../cli/cli-context.ts'
import { UsageError, writes } from '../cli/command-line.ts'
import { runCli } from '../cli/run-cli.ts'
import { createClusterManager } from '../create-cluster-manager.ts'
import { connectKubernetes } from '../kubernetes/kubeconfig.ts'

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

async function readKubeconfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new UsageError(`the kubeconfig '${file}' cannot be read; name one with --kubeconfig`)
  }
}

/** One command at a time may write with a folder; with another folder it is another operator, whom the leases in the cluster keep apart. */
function lock(folder: string): Disposable {
  try {
    return lockDirectory(folder)
  } catch (error) {
    if (isBudError(error) && error.code === 'CORE_STORE_LOCKED')
      throw new UsageError(`another bud-cluster is at work with '${folder}'; wait for it, or name another folder with --state`)
    throw error
  }
}

const connect: CliContext['connect'] = async (line) => {
  const { kubeconfig, context, state, cluster } = line.values
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? path.join(homedir(), '.kube', 'config')
  const api = connectKubernetes({ kubeconfig: createSecret(await readKubeconfig(file)), context })
  const folder = state ?? path.join(process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state'), 'bud-cluster')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const held = writes(line) ? lock(folder) : undefined
  const store = await createFileStore({ path: path.join(folder, 'state.db') })
  const place = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 8)
  const operator = `${userInfo().username}@${hostname()}/${place}`
  const manager = createClusterManager({ api, store, clusterName: cluster, operator })
  return Object.assign(manager, {
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      held?.[Symbol.dispose]()
    },
  })
}

// `bud-cluster plan … | head` reads no further; that is not a failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const ending = new AbortController()
const end = () => {
  ending.abort()
}
process.once('SIGTERM', end)
process.once('SIGINT', end)

process.exitCode = await runCli(process.argv.slice(2), {
  version: version(),
  readFile: (file) => readFile(file, 'utf8'),
  writeFile: async (file, text) => {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  },
  removeFile: (file) => rm(file),
  listFolder: (folder) =>
    readdir(folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }),
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
  signal: ending.signal,
  connect,
})
