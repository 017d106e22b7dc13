/** Reads and prepares the configuration file, with what the command line puts in its place. */
import { dirname, resolve } from 'node:path'
import type { SecretStore } from '@bud-foundry/core'
import { prepareConfig, type PreparedConfig } from '../config-file/prepare-config.ts'
import { readConfigFile } from '../config-file/read-config-file.ts'

export interface ConfigSource {
  readonly config: string
  readonly host?: string | undefined
  readonly port?: number | undefined
}

export interface ConfigSurroundings {
  readonly secrets: SecretStore
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

export interface LoadedConfig {
  /** As it stands in the file: what workers are sent, to prepare it themselves. */
  readonly data: unknown
  readonly prepared: PreparedConfig
}

/** @throws GATEWAY_CONFIG_FILE_INVALID with every problem. */
export async function prepareData(data: unknown, source: ConfigSource, surroundings: ConfigSurroundings): Promise<PreparedConfig> {
  const path = resolve(source.config)
  const prepared = await prepareConfig(data, { ...surroundings, path, directory: dirname(path) })
  const { host = prepared.listen.host, port = prepared.listen.port } = source
  return { ...prepared, listen: { ...prepared.listen, host, port }, files: [path, ...prepared.files] }
}

/** @throws GATEWAY_CONFIG_FILE_UNREADABLE or GATEWAY_CONFIG_FILE_INVALID. */
export async function loadConfig(source: ConfigSource, surroundings: ConfigSurroundings): Promise<LoadedConfig> {
  const data = await readConfigFile(source.config)
  return { data, prepared: await prepareData(data, source, surroundings) }
}
