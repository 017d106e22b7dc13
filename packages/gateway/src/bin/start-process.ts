/** Starts what a process of `serve` runs, alone or as one of several workers: the gateway, the count of its money, and the administrator's routes. */
import { join } from 'node:path'
import { systemClock, type SecretStore, type Store } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import { adminWarnings } from '../config-file/admin-warnings.ts'
import type { PreparedConfig } from '../config-file/prepare-config.ts'
import { createKeyRing } from '../key/key-ring.ts'
import { createRevocationJournal } from '../node/revocation-journal.ts'
import { startGatewayProcess, type NewConnections } from '../node/gateway-process.ts'
import type { NodeListener } from '../node/node-listener.ts'
import { createNdjsonSink, createNdjsonStreamSink } from '../node/ndjson-sink.ts'
import { openAdministration, serveAdministration } from './administration.ts'
import type { ServeOptions } from './command-line.ts'
import { openGeo } from './open-geo.ts'
import { openVault } from './open-vault.ts'

export interface ProcessParts {
  /** Closed by whoever opened it. */
  readonly store: Store
  readonly secrets: SecretStore
  readonly logger: StructuredLogger
  /** What `GET /metrics` answers in place of this process's own. */
  readonly metrics?: (() => Promise<string>) | undefined
  /** Tells the other processes of this machine at once that a key is revoked. */
  readonly onRevoke?: ((id: string) => void) | undefined
}

export interface ServingProcess {
  readonly url: string
  /** Of the administrator's routes; undefined without `listen.admin`. */
  readonly adminUrl: string | undefined
  readonly metricsText: () => string
  update(config: PreparedConfig): Promise<void>
  /** For a key that another process of this machine has revoked. */
  refuseKey(id: string): void
  /** Takes no new requests, lets those in flight finish for `graceMs`, writes what was counted. */
  stop(graceMs: number, newConnections?: NewConnections): Promise<void>
  /** True when callers need keys, and there are none. */
  readonly lacksKeys: boolean
}

const openEvents = (path: string | undefined) =>
  path === undefined ? undefined : path === '-' ? createNdjsonStreamSink(process.stdout) : createNdjsonSink({ path })

/** Answers of the last moment get this long to leave. */
const lingerMs = 250

/** A gateway that asks for keys and has none refuses everyone: worth a word. */
export function hintAtKeys(running: ServingProcess, logger: StructuredLogger, options: ServeOptions): void {
  if (!running.lacksKeys) return
  const where = options.store === undefined ? `--data-dir ${options.dataDir}` : `--store ${options.store.replace(/\/\/[^@/]*@/, '//…@')}`
  logger.warn(`there are no keys yet; make one with: bud-gateway keys create --name NAME ${where}`)
}

/** Administrators meet the certificate that callers do. A listener without TLS stays so until the next start. */
export function renewCertificate(routes: NodeListener | undefined, { listen }: Pick<PreparedConfig, 'listen'>): void {
  if (listen.tls !== undefined && routes?.url.startsWith('https:') === true) routes.replaceTls(listen.tls)
}

function warn(config: PreparedConfig, logger: StructuredLogger): void {
  for (const { path, message, fix } of adminWarnings(config)) logger.warn('this may not be what was meant', { path, problem: message, fix })
}

/** Rejects, with nothing left behind, when it cannot. */
export async function startProcess(config: PreparedConfig, options: ServeOptions, parts: ProcessParts): Promise<ServingProcess> {
  const { store, secrets, logger, metrics, onRevoke } = parts
  await using stack = new AsyncDisposableStack()
  const onFailure = (error: unknown) => {
    logger.warn('virtual keys could not be read, or a revocation not be kept', { error })
  }
  const journal = createRevocationJournal(join(options.dataDir, 'pending-revocations'))
  const keys = stack.use(createKeyRing({ store, onFailure, journal, onRevoke }))
  const sink = openEvents(options.events)
  if (sink !== undefined) stack.use(sink)
  const geo = await openGeo(options.geoDatabase)
  const credentials = options.masterKey === undefined ? undefined : await openVault(options.masterKey, store, secrets)
  const running = await startGatewayProcess(config, { store, keys, secrets, sink, geo, credentials, clock: systemClock, logger, metrics })
  const { gateway } = running
  let stopGateway = () => running.stop(0)
  let needsKeys = config.gateway.auth?.kind !== 'none'
  let closeAdministration = () => Promise.resolve()
  // After the gateway: what the last requests cost is counted.
  stack.defer(() => closeAdministration())
  stack.defer(() => stopGateway())
  // Also where no keys are asked for: a reload may ask for them, and money is counted either way.
  const administration = await openAdministration({ store, credentials, logger, gateway, configPath: options.config })
  closeAdministration = async () => administration[Symbol.asyncDispose]()
  const routes = config.admin === undefined ? undefined : await serveAdministration(administration, config.admin, logger)
  if (routes !== undefined) stack.defer(() => routes.close({ graceMs: lingerMs }))
  warn(config, logger)
  const open = stack.move()
  return {
    url: running.listener.url,
    adminUrl: routes === undefined ? undefined : `${routes.url}/admin`,
    metricsText: () => gateway.metricsText(),
    update: async (next) => {
      await running.update(next)
      renewCertificate(routes, next)
      needsKeys = next.gateway.auth?.kind !== 'none'
      warn(next, logger)
    },
    refuseKey: (id) => {
      keys.refuse(id)
    },
    stop: (graceMs, newConnections) => {
      // Callers are refused at once, whoever still administers.
      const stopped = running.stop(graceMs, newConnections)
      stopGateway = () => stopped
      return open.disposeAsync()
    },
    get lacksKeys() {
      return needsKeys && keys.list().length === 0
    },
  }
}
