/** From the data of a configuration file to what the process runs with; everything that is wrong with it is said at once. */
import { resolve } from 'node:path'
import { createSecret, toConfigIssues, type ConfigIssue, type Secret, type SecretStore } from '@bud-foundry/core'
import { gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput } from '../config.ts'
import { gatewayErrors } from '../errors.ts'
import type { NodeListenerOptions } from '../node/node-listener.ts'
import type { UndiciTransportOptions } from '../transport/undici-transport.ts'
import { adminCredentialLength, configFileSchema, type ListenSection } from './config-file-schema.ts'
import { isStored, markReferences } from './reference.ts'
import { findReferenceProblems } from './reference-problems.ts'
import { ReferenceReader } from './reference-reader.ts'
import { readListenSection, readUpstreamSection, type Environment } from './transport-sections.ts'

/** Where the administrator's routes are served, and what opens them. */
export interface AdminListen extends NodeListenerOptions {
  readonly credential: Secret
}

export interface PreparedConfig {
  /** For `createGateway` and `updateConfig`; its credentials are references still, for a SecretStore. */
  readonly gateway: GatewayConfigInput
  readonly listen: NodeListenerOptions
  readonly admin: AdminListen | undefined
  readonly upstream: UndiciTransportOptions
  /** Absolute path of the module with hooks. */
  readonly hooks: string | undefined
  /** Files that it refers to; when one changes, so does the configuration. */
  readonly files: readonly string[]
}

export interface PrepareOptions {
  /** For messages. */
  readonly path: string
  /** Relative `file:` references count from here. */
  readonly directory: string
  readonly secrets: SecretStore
  /** For the proxy setting `environment`. */
  readonly environment: Environment
  readonly signal: AbortSignal
}

async function readCredentials(reader: ReferenceReader, config: GatewayConfig): Promise<void> {
  for (const [name, model] of Object.entries(config.models)) {
    for (const [index, { credential }] of (model.targets ?? []).entries()) {
      const path = `models.${name}.targets.${String(index)}.credential`
      const all = Array.isArray(credential) ? credential : [credential]
      // What the vault holds may be put there later, and is read by the gateway.
      for (const one of all) if (one !== undefined && 'reference' in one && !isStored(one.reference)) await reader.read(path, one.reference)
    }
  }
  for (const [name, rail] of Object.entries(config.guardrails?.rails ?? {})) {
    if (!('credential' in rail) || rail.credential === undefined || !('reference' in rail.credential)) continue
    if (!isStored(rail.credential.reference)) await reader.read(`guardrails.rails.${name}.credential`, rail.credential.reference)
  }
}

/** Undefined without the section, and when its credential cannot be used, which is then a problem of the reader. */
async function readAdmin(
  reader: ReferenceReader,
  { admin, host, port }: ListenSection,
  listen: NodeListenerOptions,
): Promise<AdminListen | undefined> {
  if (admin === undefined) return undefined
  if (admin.port !== 0 && admin.port === port && admin.host === host) {
    reader.problems.push({ path: 'listen.admin.port', message: 'is the port of listen.port', fix: 'choose another for administrators' })
  }
  const credential = await reader.text('listen.admin.credential', admin.credential)
  if (credential === undefined) return undefined
  if (credential.length < adminCredentialLength) {
    const message = `has fewer than ${String(adminCredentialLength)} characters`
    reader.problems.push({ path: 'listen.admin.credential', message, fix: 'make one with: openssl rand -base64 32' })
  }
  return { host: admin.host, port: admin.port, tls: listen.tls, credential: createSecret(credential) }
}

/** The gateway's part as it was written: `createGateway` fills in the defaults itself. */
function gatewayPart(data: unknown): GatewayConfigInput {
  const known = new Set(Object.keys(gatewayConfigSchema.shape))
  // The schema has just accepted this data, of which the known fields are the gateway's.
  return Object.fromEntries(Object.entries(data as object).filter(([name]) => known.has(name))) as GatewayConfigInput
}

/**
 * Checks form, names, secrets and certificates.
 * @throws GATEWAY_CONFIG_FILE_INVALID with every problem: the schema's, or, once the form is right, all others.
 */
export async function prepareConfig(data: unknown, options: PrepareOptions): Promise<PreparedConfig> {
  const { path, directory, secrets, signal, environment } = options
  const marked = markReferences(data, directory)
  const parsed = configFileSchema.safeParse(marked)
  const invalid = (problems: readonly ConfigIssue[]) => gatewayErrors.CONFIG_FILE_INVALID({ path, problems })
  if (!parsed.success) throw invalid(toConfigIssues(parsed.error, configFileSchema))
  const { listen: listenSection, upstream: upstreamSection, hooks, ...config } = parsed.data
  const reader = new ReferenceReader({ secrets, directory, signal })
  const listen = await readListenSection(reader, listenSection)
  const admin = await readAdmin(reader, listenSection, listen)
  const upstream = await readUpstreamSection(reader, upstreamSection, environment)
  await readCredentials(reader, config)
  const problems = [...(await findReferenceProblems(config)), ...reader.problems]
  if (problems.length > 0) throw invalid(problems)
  const hooksPath = hooks === undefined ? undefined : resolve(directory, hooks)
  return { gateway: gatewayPart(marked), listen, admin, upstream, hooks: hooksPath, files: [...reader.files] }
}
