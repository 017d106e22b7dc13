#!/usr/bin/env node
/** The `bud-gateway` command: connects the command line, the environment and the signals of the process. */
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { isBudError } from '@bud-foundry/core'
import { createLogger } from '@bud-foundry/core/log'
import { createEnvSecretStore } from '@bud-foundry/core/secret-store/env'
import { gatewayErrors } from '../errors.ts'
import { newMasterKey, runCredentialCommand, runOwnerCommand } from './administer.ts'
import { check } from './check.ts'
import { parseCommand, usage, type Command, type ServeOptions } from './command-line.ts'
import { runKeysCommand } from './keys.ts'
import { runOperationCommand } from './operation-command.ts'
import { serve } from './serve.ts'
import { work } from './work.ts'

const environment = process.env
const secrets = createEnvSecretStore({ environment })
const print = (text: string) => process.stdout.write(`${text}\n`)

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

async function runServe(options: ServeOptions): Promise<number | undefined> {
  const logger = createLogger({ level: options.logLevel, format: options.logFormat })
  process.on('unhandledRejection', (error) => {
    logger.error('a promise was left alone', { code: 'GATEWAY_UNHANDLED', error })
  })
  if (cluster.isPrimary) return serve(options, { secrets, environment }, logger)
  work(options, { secrets, environment }, logger.child({ worker: cluster.worker?.id, pid: process.pid }))
  return undefined
}

async function run(command: Command): Promise<number | undefined> {
  switch (command.kind) {
    case 'help':
      print(usage)
      return 0
    case 'version':
      print(version())
      return 0
    case 'check':
      return await check(command, { secrets, environment }, print)
    case 'serve':
      return runServe(command.options)
    case 'master-key':
      print(await newMasterKey())
      return 0
    case 'operation':
      await runOperationCommand(command, secrets, print)
      return 0
    case 'owners':
      await runOwnerCommand(command, secrets, print)
      return 0
    case 'credentials':
      await runCredentialCommand(command, secrets, print)
      return 0
    default:
      await runKeysCommand(command, secrets, print)
      return 0
  }
}

try {
  const code = await run(parseCommand(process.argv.slice(2)))
  // Undefined: a worker, which ends by itself.
  if (code !== undefined) process.exit(code)
} catch (error) {
  // What is wrong with options, files or ports is the user's to fix: its message is enough, and a stack would bury it.
  const isKnown = isBudError(error) || (error instanceof Error && 'code' in error)
  console.error(isKnown ? `bud-gateway: ${error.message}` : error)
  process.exit(gatewayErrors.OPTION_INVALID.is(error) ? 2 : 1)
}
