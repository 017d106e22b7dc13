/** The configuration of one gateway, as the administrator's routes change it. */
import type { GatewayConfigInput } from '../config.ts'
import type { ConfigAdmin } from './admin-parts.ts'
import { keepSecrets } from './kept-secrets.ts'

/** What it needs of a gateway. */
export interface ConfigurableGateway {
  readonly config: unknown
  checkConfig(config: GatewayConfigInput): Promise<unknown>
  updateConfig(config: GatewayConfigInput): Promise<void>
}

/** `reload` reads the configuration anew from where it came, a file for instance. */
export const createConfigAdmin = (gateway: ConfigurableGateway, reload?: () => Promise<void>): ConfigAdmin => ({
  // Through JSON: secrets print as `[secret]`, and nobody can change what is in force through what they were shown.
  current: () => JSON.parse(JSON.stringify(gateway.config)) as unknown,
  // Safe in both: the gateway parses whatever it is given, and names every field that is wrong.
  check: async (config) => {
    await gateway.checkConfig(keepSecrets(config, gateway.config) as GatewayConfigInput)
  },
  apply: async (config) => gateway.updateConfig(keepSecrets(config, gateway.config) as GatewayConfigInput),
  ...(reload === undefined ? {} : { reload }),
})
