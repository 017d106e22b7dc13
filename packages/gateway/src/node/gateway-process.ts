/** One serving process: a gateway, its listener and its transport, made of a prepared configuration, changed and stopped as one. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock, SecretStore, Sink, Store } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import type { GeoLookup } from '../client-info/client-info.ts'
import type { PreparedConfig } from '../config-file/prepare-config.ts'
import { createGateway, type Gateway } from '../create-gateway.ts'
import type { CredentialVault } from '../key/credential-vault.ts'
import type { KeyRing } from '../key/key-ring.ts'
import { loadHooks } from '../hook/load-hooks.ts'
import { createUndiciTransport } from '../transport/undici-transport.ts'
import { listen, type NodeListener, type NodeListenerOptions } from './node-listener.ts'

/** What a process needs beside its configuration; closed by whoever made it. */
export interface GatewayProcessParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly secrets: SecretStore
  readonly sink: Sink | undefined
  readonly geo?: GeoLookup | undefined
  readonly credentials?: CredentialVault | undefined
  readonly clock: Clock
  readonly logger: StructuredLogger
  /** What `GET /metrics` answers in place of this process's own. */
  readonly metrics?: (() => Promise<string>) | undefined
}

/**
 * What becomes of connections that come while requests in flight finish: the socket is closed, or they are taken and answered with 503.
 * A worker takes them: when it closes the socket it shares, a connection that the primary has just accepted for it hangs there unanswered.
 */
export type NewConnections = 'closed' | 'answered-503'

export interface GatewayProcess {
  readonly gateway: Gateway
  readonly listener: NodeListener
  /** Changes what new requests see. Rejects, and changes nothing, when the gateway refuses. */
  update(config: PreparedConfig): Promise<void>
  /** Takes no new requests, lets those in flight finish for `graceMs`, ends the rest, hands events over. Safe to repeat. */
  stop(graceMs: number, newConnections?: NewConnections): Promise<void>
}

/** Events get this long to reach the sink once the last request has ended. */
export const flushMs = 2_000
/** Answers of the last moment get this long to leave. */
const lingerMs = 250

const withoutTls = ({ tls, ...rest }: NodeListenerOptions) => ({ ...rest, hasTls: tls !== undefined, requestCert: tls?.requestCert })

/** As data: two secrets are equal when their texts are. */
const adminOf = ({ admin }: PreparedConfig) => admin && { host: admin.host, port: admin.port, credential: admin.credential.reveal() }

class RunningProcess implements GatewayProcess {
  readonly gateway: Gateway
  readonly listener: NodeListener
  readonly #closeTransport: () => Promise<void>
  readonly #logger: StructuredLogger
  #config: PreparedConfig
  #stopping: Promise<void> | undefined

  constructor(parts: {
    readonly gateway: Gateway
    readonly listener: NodeListener
    readonly closeTransport: () => Promise<void>
    readonly logger: StructuredLogger
    readonly config: PreparedConfig
  }) {
    this.gateway = parts.gateway
    this.listener = parts.listener
    this.#closeTransport = parts.closeTransport
    this.#logger = parts.logger
    this.#config = parts.config
  }

  async update(config: PreparedConfig): Promise<void> {
    await this.gateway.updateConfig(config.gateway)
    const { listen: before, upstream, hooks } = this.#config
    if (config.listen.tls !== undefined && before.tls !== undefined && !isDeepStrictEqual(config.listen.tls, before.tls)) {
      this.listener.replaceTls(config.listen.tls)
    }
    const fixed = [
      ...(isDeepStrictEqual(withoutTls(config.listen), withoutTls(before)) ? [] : ['listen']),
      ...(isDeepStrictEqual(adminOf(config), adminOf(this.#config)) ? [] : ['listen.admin']),
      ...(isDeepStrictEqual(config.upstream, upstream) ? [] : ['upstream']),
      ...(config.hooks === hooks ? [] : ['hooks']),
    ]
    if (fixed.length > 0) this.#logger.warn('these sections changed and take effect with the next start only', { sections: fixed })
    this.#config = { ...config, listen: { ...before, tls: config.listen.tls ?? before.tls }, upstream, hooks, admin: this.#config.admin }
  }

  stop(graceMs: number, newConnections: NewConnections = 'closed'): Promise<void> {
    this.#stopping ??= this.#stop(graceMs, newConnections)
    return this.#stopping
  }

  async #stop(graceMs: number, newConnections: NewConnections): Promise<void> {
    const closed = newConnections === 'closed' ? this.listener.close() : undefined
    await this.gateway.close({ graceMs, flushMs })
    // Every request has its end; connections kept alive by their callers have nothing more to wait for.
    await this.listener.close({ graceMs: lingerMs })
    await closed
    await this.#closeTransport()
  }
}

/** Resolves when it listens. Rejects, with nothing left behind, when it cannot. */
export async function startGatewayProcess(config: PreparedConfig, parts: GatewayProcessParts): Promise<GatewayProcess> {
  const { store, keys, secrets, sink, geo, credentials, clock, logger, metrics } = parts
  const transport = createUndiciTransport({ clock, ...config.upstream })
  const closeTransport = async () => transport[Symbol.asyncDispose]()
  let gateway: Gateway | undefined
  try {
    const hooks = config.hooks === undefined ? undefined : await loadHooks(config.hooks)
    gateway = createGateway(config.gateway, { store, keys, secrets, sink, geo, credentials, clock, logger, transport, metrics, hooks })
    await gateway.ready
    const listener = await listen(gateway.handle, config.listen)
    return new RunningProcess({ gateway, listener, closeTransport, logger, config })
  } catch (error) {
    await gateway?.close({ graceMs: 0, flushMs: 0 })
    await closeTransport()
    throw error
  }
}
