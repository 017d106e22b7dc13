/** The `check` command: everything that `serve` would refuse, without a port, a store or a call. */
import { createMemoryStore, createSecret, isBudError, type ConfigIssue, type SecretStore } from '@bud-foundry/core'
import { adminWarnings } from '../config-file/admin-warnings.ts'
import { isStored } from '../config-file/reference.ts'
import type { GatewayConfigInput } from '../config.ts'
import { createGateway } from '../create-gateway.ts'
import { gatewayErrors } from '../errors.ts'
import { loadHooks } from '../hook/load-hooks.ts'
import { loadConfig, type ConfigSurroundings, type LoadedConfig } from './load-config.ts'
import { openGeo } from './open-geo.ts'

export interface CheckCommand {
  readonly kind: 'check'
  readonly config: string
  readonly geoDatabase: string | undefined
}

/** What the vault of the gateway holds is put there with a master key that nobody needs for a check. */
const withoutVault = (secrets: SecretStore): SecretStore => ({
  contract: 'secret-store/1',
  read: (reference, signal) => (isStored(reference) ? Promise.resolve(createSecret('unknown')) : secrets.read(reference, signal)),
})

/** A configuration of one model: the one to be checked is tried on its gateway, and never in force. */
const idle: GatewayConfigInput = { auth: { kind: 'none' }, models: { idle: { targets: [{ provider: 'ollama' }] } } }

/** Resolves with what is valid and may not be what was meant. */
async function tryOut({ prepared }: LoadedConfig, command: CheckCommand, secrets: SecretStore): Promise<readonly ConfigIssue[]> {
  if (prepared.hooks !== undefined) await loadHooks(prepared.hooks)
  const geo = await openGeo(command.geoDatabase)
  await using gateway = createGateway(idle, { store: createMemoryStore(), secrets: withoutVault(secrets), geo })
  return [...(await gateway.checkConfig(prepared.gateway)), ...adminWarnings(prepared)]
}

/** @throws GATEWAY_CONFIG_FILE_INVALID and GATEWAY_CONFIG_FILE_UNREADABLE. */
export async function check(
  command: CheckCommand,
  surroundings: Omit<ConfigSurroundings, 'signal'>,
  print: (text: string) => void,
): Promise<number> {
  const { config } = command
  const loaded = await loadConfig({ config }, { ...surroundings, signal: new AbortController().signal })
  let warnings: readonly ConfigIssue[]
  try {
    warnings = await tryOut(loaded, command, surroundings.secrets)
  } catch (error) {
    if (!isBudError(error)) throw error
    const [message = '', fix] = error.message.split('; ', 2)
    const problems = [{ path: error.code === 'GATEWAY_HOOKS_UNREADABLE' ? 'hooks' : 'configuration', message, fix }]
    throw gatewayErrors.CONFIG_FILE_INVALID({ path: config, problems }, { cause: error })
  }
  const models = Object.values(loaded.prepared.gateway.models)
  const targets = models.reduce((sum, model) => sum + (model.targets?.length ?? 0), 0)
  print(`${config} is valid: ${String(models.length)} models, ${String(targets)} targets`)
  for (const { path, message, fix = '' } of warnings) print(`warning: ${path} ${message}; ${fix}`)
  return 0
}
