/** Opens the store that the command line names: a file in the data directory, or Valkey. */
import { join } from 'node:path'
import type { SecretStore, Store } from '@bud-foundry/core'
import { createFileStore } from '@bud-foundry/core/store/file'
import { gatewayErrors } from '../errors.ts'
import { isReference } from '../config-file/reference.ts'
import type { StoreOptions } from './parse-words.ts'

/** A URL may hold a password, which belongs into no process list: `env:NAME` and `file:/path` keep it out. */
async function storeUrl(text: string, secrets: SecretStore): Promise<string> {
  const url = isReference(text) ? (await secrets.read(text, AbortSignal.timeout(5_000))).reveal() : text
  const problem = 'is not the address of a store; write valkey://host:6379 (valkeys: with TLS), or env:NAME of a variable that holds it'
  if (!/^(valkey|valkeys|redis|rediss):\/\//.test(url)) throw gatewayErrors.OPTION_INVALID({ option: '--store', problem })
  return url.replace(/^valkey/, 'redis')
}

export async function openStore(options: StoreOptions, secrets: SecretStore): Promise<Store> {
  if (options.store === undefined) return createFileStore({ path: join(options.dataDir, 'gateway.db') })
  const url = await storeUrl(options.store, secrets)
  let valkey
  try {
    // Loaded only here: its client is an optional dependency.
    valkey = await import('@bud-foundry/core/store/valkey')
  } catch (error) {
    const problem = 'needs the package ioredis beside this one; npm install ioredis'
    throw gatewayErrors.OPTION_INVALID({ option: '--store', problem }, { cause: error })
  }
  return valkey.createValkeyStore({ url })
}
