#!/usr/bin/env node
/** The `bud-cluster` command: connects the command line to the process, a kubeconfig and a folder of journals. */
import { readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir, hostname, userInfo } from 'node:os'
import path from 'node:path'
import { createSecret } from '@bud-foundry/core'
import { createFileStore } from '@bud-foundry/core/store/file'
import { runCli, type CliContext } from '../cli/run-cli.ts'
import { UsageError } from '../cli/command-line.ts'
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

const connect: CliContext['connect'] = async ({ kubeconfig, context, state, cluster }) => {
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? path.join(homedir(), '.kube', 'config')
  const api = connectKubernetes({ kubeconfig: createSecret(await readKubeconfig(file)), context })
  const folder = state ?? path.join(process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state'), 'bud-cluster')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const store = await createFileStore({ path: path.join(folder, 'state.db') })
  const operator = `${userInfo().username}@${hostname()}`
  const manager = createClusterManager({ api, store, clusterName: cluster, operator })
  return Object.assign(manager, {
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  })
}

const ending = new AbortController()
const end = () => {
  ending.abort()
}
process.once('SIGTERM', end)
process.once('SIGINT', end)

process.exitCode = await runCli(process.argv.slice(2), {
  version: version(),
  readFile: (file) => readFile(file, 'utf8'),
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
  signal: ending.signal,
  connect,
})
