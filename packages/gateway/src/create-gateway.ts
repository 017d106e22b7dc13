/** The composition root: configuration and parts in, a gateway with two doors out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  invariant,
  resolveConfig,
  systemClock,
  silentLogger,
  systemRandom,
  type Clock,
  type ConfigIssue,
  type Dialect,
  type Logger,
  type Provider,
  type Random,
  type RoutingPolicy,
  type Secret,
  type SecretStore,
  type Sink,
  type Store,
  type Transport,
} from '@bud-foundry/core'
import { createCalls, type GatewayCalls } from './call/gateway-calls.ts'
import { gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput } from './config.ts'
import { anthropicMessages } from './dialect/anthropic-messages/index.ts'
import { openaiChat } from './dialect/openai-chat/index.ts'
import { openaiCompletions } from './dialect/openai-completions/index.ts'
import { openaiEmbeddings } from './dialect/openai-embeddings/index.ts'
import { defaultEndpoints } from './endpoint/default-endpoints.ts'
import { EndpointTable, type Endpoint } from './endpoint/endpoint.ts'
import { gatewayErrors } from './errors.ts'
import type { Exchange } from './exchange/exchange.ts'
import { FetchExchange } from './exchange/fetch-exchange.ts'
import { NodeExchange } from './exchange/node-exchange.ts'
import type { BlockingRules } from './blocking/blocking-rules.ts'
import type { AnswerCache } from './cache/answer-cache.ts'
import type { GeoLookup } from './client-info/client-info.ts'
import { configWarnings } from './governance/config-warnings.ts'
import { adoptConfig, createBuiltInStages, discardStages, loadBuiltInStages } from './governance/built-in-stages.ts'
import type { StageKit } from './governance/stage-factory.ts'
import type { Stage } from './governance/stage.ts'
import { StageKeeper, type OwnedStage } from './governance/stage-set.ts'
import { joinSecrets, type CredentialVault } from './key/credential-vault.ts'
import { callModel } from './inference/internal-call.ts'
import { hooksProblem } from './hook/load-hooks.ts'
import { createHookStage } from './hook/hook-stage.ts'
import type { Hooks } from './hook/hooks.ts'
import { createKeyRing, type KeyRing } from './key/key-ring.ts'
import { PriceBook } from './money/price-book.ts'
import { unpricedTargets } from './limit/unpriced-limits.ts'
import { createPrices, type Prices } from './money/prices.ts'
import { serve, type Server } from './pipeline/serve.ts'
import { createDefaultPolicies } from './policies/default-policies.ts'
import { anthropic } from './providers/anthropic/index.ts'
import { azureOpenai } from './providers/azure-openai/index.ts'
import { openai } from './providers/openai/index.ts'
import { openaiCompatible, presetProvider } from './providers/openai-compatible/index.ts'
import { isPresetId, openaiCompatiblePresets } from './providers/openai-compatible/preset.ts'
import { startHealthChecks } from './routing/health-checker.ts'
import { RetryBudget } from './routing/retry-budget.ts'
import { buildSnapshot, resolveCredentials, type SnapshotParts } from './routing/snapshot.ts'
import { InFlight } from './service/in-flight.ts'
import { createPooledRandom } from './service/pooled-random.ts'
import type { Services } from './service/services.ts'
import { createEventPump } from './telemetry/event-pump.ts'
import { GatewayMetrics } from './telemetry/gateway-metrics.ts'
import { LiveEvents, type GatewayEventListener } from './telemetry/live-events.ts'
import { PayloadCapture } from './telemetry/payload-capture.ts'
import type { RequestTracer } from './telemetry/request-span.ts'
import { createFetchTransport } from './transport/fetch-transport.ts'
import { createUndiciTransport } from './transport/undici-transport.ts'

/** What a gateway is built from beside its configuration; each part has a default. */
export interface GatewayParts {
  /** Default: undici pools, under Bun its `fetch`. A transport passed in is closed by whoever made it. */
  readonly transport?: Transport | undefined
  /** Holds virtual keys; needed with `auth: { kind: 'keys' }` unless `keys` is given. */
  readonly store?: Store | undefined
  readonly keys?: KeyRing | undefined
  /** Gets one RequestEvent per request. */
  readonly sink?: Sink | undefined
  /** Gets a PayloadEvent per request that `telemetry.capture` samples. */
  readonly payloads?: Sink | undefined
  /** Makes a span per request, `createOpenTelemetry()` of `@bud-foundry/gateway/otel` for instance. */
  readonly tracer?: RequestTracer | undefined
  /** Resolves credential references of the configuration. */
  readonly secrets?: SecretStore | undefined
  /** Resolves references `credential:NAME`, and has targets use a replaced credential at once. */
  readonly credentials?: CredentialVault | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly logger?: Logger | undefined
  /** What models cost; default: `createPrices` over the store. One passed in is closed by whoever made it. */
  readonly prices?: Prices | undefined
  /** In addition to the built-in ones; one with the id of a built-in one replaces it. */
  readonly policies?: readonly RoutingPolicy[] | undefined
  readonly providers?: readonly Provider[] | undefined
  readonly dialects?: readonly Dialect[] | undefined
  readonly endpoints?: readonly Endpoint[] | undefined
  /** What `GET /metrics` answers in place of this gateway's own metrics: those of all processes behind one port, for instance. */
  readonly metrics?: (() => string | Promise<string>) | undefined
  /** Functions of your own at the points of a call's way; asked before the other stages. */
  readonly hooks?: Hooks | undefined
  /** Asked after the built-in ones, in this order. Their makers close them. */
  readonly stages?: readonly Stage[] | undefined
  /** Where addresses are, for blocking by country and for events: `openGeoDatabase(path)` of `@bud-foundry/gateway/geoip`. */
  readonly geo?: GeoLookup | undefined
}

export interface Gateway extends AsyncDisposable, GatewayCalls {
  /** Answers one request of `node:http`; never throws. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void
  /** Answers a web-standard request without any socket; fits `new OpenAI({ fetch })`, Hono, Next.js and Bun. */
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>
  /** Resolves when keys and credentials are read; rejects when they cannot be. Until then calls over HTTP get 503, and those of `fetch` wait. */
  readonly ready: Promise<void>
  /** The virtual keys, with `auth: { kind: 'keys' }`. */
  readonly keys: KeyRing | undefined
  /** The blocking rules in force, with a `blocking` section in the configuration. */
  readonly blocking: BlockingRules | undefined
  /** The cached answers, with a `cache` section in the configuration. */
  readonly cache: AnswerCache | undefined
  /** What models cost, and where an administrator changes it. */
  readonly prices: Prices
  /** Swaps the configuration whole. Requests in flight keep the one they began with. Rejects, and changes nothing, when it is invalid. */
  updateConfig(config: GatewayConfigInput): Promise<void>
  /** Rejects as `updateConfig` would, and changes nothing either way. Resolves with what is valid and may not be what was meant. */
  checkConfig(config: GatewayConfigInput): Promise<readonly ConfigIssue[]>
  /** In force now. Secrets in it do not print. */
  readonly config: GatewayConfig
  /** Tells what happens as it happens; listeners must be quick. */
  onEvent(listener: GatewayEventListener): Disposable
  /** Prometheus text exposition, version 0.0.4. */
  metricsText(): string
  /** Requests that are being answered. */
  readonly inFlight: number
  /**
   * Stops admitting, lets requests in flight finish for `graceMs`, ends the rest with a typed error, and hands all events to the sink.
   * Safe to repeat.
   */
  close(options?: { readonly graceMs?: number | undefined; readonly flushMs?: number | undefined }): Promise<void>
}

const presetProviders = Object.keys(openaiCompatiblePresets).filter(isPresetId).map(presetProvider)

/** Bun puts a module of its own in undici's place, which cannot dispatch. */
const isBun = process.versions['bun'] !== undefined

const defaultGraceMs = 8_000
const defaultFlushMs = 5_000

const byId = <Part extends { readonly id: string }>(defaults: readonly Part[], own: readonly Part[] = []): ReadonlyMap<string, Part> =>
  new Map([...defaults, ...own].map((part) => [part.id, part]))

function keyRingOf(config: GatewayConfig, parts: GatewayParts, onFailure: (error: unknown) => void): KeyRing | undefined {
  if (parts.keys !== undefined) return parts.keys
  if (parts.store !== undefined) return createKeyRing({ store: parts.store, clock: parts.clock, random: parts.random, onFailure })
  if (config.auth.kind === 'keys') throw gatewayErrors.NO_KEYS()
  return undefined
}

class GatewayRoot {
  readonly server: Server
  readonly services: Services
  readonly ready: Promise<void>
  readonly prices: Prices
  readonly #snapshotParts: SnapshotParts
  readonly #parts: GatewayParts
  readonly #ownsTransport: boolean
  readonly #ownsKeys: boolean
  readonly #stopReading = new AbortController()
  readonly #secretStore: SecretStore | undefined
  #secrets: ReadonlyMap<string, Secret> = new Map()
  #credentialWatch: Disposable | undefined
  readonly #stageKeeper: StageKeeper
  #builtInStages: readonly OwnedStage[] = []
  /** Of `parts.hooks`: one for the gateway's life. */
  #hookStage: OwnedStage | undefined
  #healthChecks: Disposable | undefined
  #updates: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(input: GatewayConfigInput, parts: GatewayParts) {
    const config = resolveConfig('gateway config', gatewayConfigSchema, input)
    const clock = parts.clock ?? systemClock
    const logger = parts.logger ?? silentLogger
    const warn = (message: string) => (error: unknown) => {
      logger.warn(message, { error })
    }
    this.#parts = parts
    this.prices = parts.prices ?? createPrices({ store: parts.store, clock, onFailure: warn('prices could not be read') })
    this.#snapshotParts = {
      providers: byId([openai, azureOpenai, anthropic, openaiCompatible, ...presetProviders], parts.providers),
      policies: byId(createDefaultPolicies(), parts.policies),
      prices: this.prices.book,
      now: () => clock.nowMs(),
    }
    const dialects = byId([openaiChat, openaiCompletions, openaiEmbeddings, anthropicMessages], parts.dialects)
    this.#secretStore = joinSecrets(parts.secrets, parts.credentials)
    const secrets = resolveCredentials(config, this.#secretStore, this.#stopReading.signal)
    const hooksWrong = parts.hooks === undefined ? undefined : hooksProblem(parts.hooks)
    if (hooksWrong !== undefined) throw gatewayErrors.HOOKS_UNREADABLE({ path: 'parts.hooks', reason: hooksWrong })
    const loading = loadBuiltInStages(config)
    const onKeyFailure = warn('virtual keys could not be read')
    this.#ownsTransport = parts.transport === undefined
    this.#ownsKeys = parts.keys === undefined
    this.services = {
      transport: parts.transport ?? (isBun ? createFetchTransport({ clock }) : createUndiciTransport({ clock })),
      clock,
      random: createPooledRandom(parts.random ?? systemRandom),
      logger,
      dialects,
      keys: keyRingOf(config, parts, onKeyFailure),
      pump:
        parts.sink === undefined
          ? undefined
          : createEventPump({
              sink: parts.sink,
              clock,
              flushMs: config.telemetry.flushMs,
              onFailure: warn('the sink did not take events'),
            }),
      live: new LiveEvents(warn('a listener of gateway events failed')),
      metrics: new GatewayMetrics(),
      metricsText: parts.metrics ?? (() => this.metricsText()),
      tracer: parts.tracer,
      capture: this.#capture(config, clock, warn('a captured payload was lost')),
      budget: new RetryBudget(config.retry, clock.monotonicMs()),
      inFlight: new InFlight(),
      snapshot: buildSnapshot(config, this.#snapshotParts, new Map(), undefined),
      stages: undefined,
      state: secrets === undefined && loading === undefined && config.auth.kind === 'none' ? 'open' : 'starting',
      onIdle: undefined,
    }
    const defaultDialect = dialects.get('openai-chat')
    invariant(defaultDialect !== undefined, 'the openai-chat dialect is built in')
    this.server = {
      services: this.services,
      endpoints: new EndpointTable([...defaultEndpoints, ...(parts.endpoints ?? [])]),
      defaultDialect,
    }
    this.#stageKeeper = new StageKeeper(warn('a stage could not be closed'))
    const waitsFor = secrets === undefined && loading === undefined ? undefined : Promise.all([secrets, loading])
    if (waitsFor === undefined) {
      this.#useStages(this.#createStages(config, new Map()), config)
      this.#healthChecks = startHealthChecks(this.services.snapshot, this.services)
    }
    this.ready = this.#start(
      config,
      waitsFor?.then(([read]) => read ?? new Map()),
    )
    this.#credentialWatch = parts.credentials?.watch(() => {
      this.#refreshCredentials(warn('a changed credential could not be read; its targets keep the one from before'))
    })
    // Whoever awaits `ready` sees the failure, and the log does; an unhandled rejection would end the process instead.
    // Updates come after it: the first configuration must not be put over a later one.
    this.#updates = this.ready.catch((error: unknown) => {
      logger.error('the gateway cannot start', { error })
    })
  }

  #capture(config: GatewayConfig, clock: Clock, onFailure: (error: unknown) => void): PayloadCapture | undefined {
    const { payloads: sink, random = systemRandom } = this.#parts
    return sink === undefined ? undefined : new PayloadCapture({ sink, clock, random, flushMs: config.telemetry.flushMs, onFailure })
  }

  async #start(config: GatewayConfig, secrets: Promise<ReadonlyMap<string, Secret>> | undefined): Promise<void> {
    if (secrets !== undefined) {
      const read = await secrets
      if (this.services.state === 'closed') return
      this.#swap(config, read)
    }
    if (config.auth.kind === 'keys') await this.services.keys?.ready
    for (const { ready } of this.#builtInStages) await ready
    // A gateway whose prices cannot be read still answers: the failure is in the log, and reading goes on.
    await this.prices.ready.catch(() => undefined)
    if (this.services.state === 'starting') this.services.state = 'open'
    this.#warn()
  }

  /** Says what is valid and may not be what was meant: of the configuration in force, and of the limits on records. */
  #warn(): void {
    const { snapshot, keys, logger } = this.services
    const records = { keys: keys?.list(), projects: keys?.projects.list(), users: keys?.users.list() }
    for (const { path, message, fix } of configWarnings(snapshot, records)) {
      logger.warn('this may not be what was meant', { path, problem: message, fix })
    }
  }

  #createStages(config: GatewayConfig, secrets: ReadonlyMap<string, Secret>): readonly OwnedStage[] {
    const { transport, clock, random, logger, metrics, keys } = this.services
    const secret: StageKit['secret'] = (credential) => ('reveal' in credential ? credential : secrets.get(credential.reference))
    const { store, geo } = this.#parts
    const call: StageKit['callModel'] = (init) => callModel(this.services, init)
    const unpriced: StageKit['unpricedTargets'] = (model) => unpricedTargets(this.services.snapshot.models, model)
    const kit: StageKit = {
      transport,
      clock,
      random,
      logger,
      metrics,
      keys,
      store,
      geo,
      secret,
      unpricedTargets: unpriced,
      callModel: call,
    }
    return createBuiltInStages(config, kit, this.#builtInStages)
  }

  get blocking(): BlockingRules | undefined {
    return this.#builtInStages.find(({ rules }) => rules !== undefined)?.rules
  }

  get cache(): AnswerCache | undefined {
    return this.#builtInStages.find(({ answers }) => answers !== undefined)?.answers
  }

  #useStages(stages: readonly OwnedStage[], config: GatewayConfig): void {
    this.#builtInStages = stages
    adoptConfig(stages, config)
    const { hooks, stages: own = [] } = this.#parts
    if (hooks !== undefined) this.#hookStage ??= createHookStage(hooks, this.services)
    this.services.stages = this.#stageKeeper.swap(this.#hookStage === undefined ? stages : [this.#hookStage, ...stages], own)
  }

  #swap(config: GatewayConfig, secrets: ReadonlyMap<string, Secret>): void {
    const { services } = this
    // Building can fail; the assignments, which change what new requests see, cannot.
    const stages = this.#createStages(config, secrets)
    try {
      // Its last step puts prices in force: nothing may fail after it.
      services.snapshot = buildSnapshot(config, this.#snapshotParts, secrets, services.snapshot)
    } catch (error) {
      this.#discard(stages)
      throw error
    }
    this.#secrets = secrets
    this.#useStages(stages, config)
    this.#healthChecks?.[Symbol.dispose]()
    this.#healthChecks = services.state === 'closed' ? undefined : startHealthChecks(services.snapshot, services)
  }

  /**
   * In process there is no load balancer that would ask elsewhere: a call that follows `createGateway` at once, or the first one of a cold start,
   * waits for the keys. The probes answer at once, as they do on the wire.
   */
  serveWhenReady(exchange: Exchange): void {
    const probe = this.server.endpoints.find(exchange.path).some(({ alwaysOpen }) => alwaysOpen === true)
    const serveNow = () => {
      serve(this.server, exchange)
    }
    if (this.services.state !== 'starting' || probe) serveNow()
    else void this.ready.then(serveNow, serveNow)
  }

  #refreshCredentials(onFailure: (error: unknown) => void): void {
    const refresh = async (): Promise<void> => {
      await this.ready
      const { config } = this.services.snapshot
      const secrets = await resolveCredentials(config, this.#secretStore, this.#stopReading.signal)
      if (this.services.state === 'closed' || secrets === undefined) return
      if ([...secrets].every(([reference, secret]) => this.#secrets.get(reference)?.reveal() === secret.reveal())) return
      await loadBuiltInStages(config)
      this.#swap(config, secrets)
    }
    this.#updates = this.#updates.then(refresh).catch(onFailure)
  }

  async checkConfig(input: GatewayConfigInput): Promise<readonly ConfigIssue[]> {
    const config = resolveConfig('gateway config', gatewayConfigSchema, input)
    if (config.auth.kind === 'keys' && this.services.keys === undefined) throw gatewayErrors.NO_KEYS()
    const secrets = await resolveCredentials(config, this.#secretStore, this.#stopReading.signal)
    // A price book of its own: those in force stay as they are.
    const snapshot = buildSnapshot(
      config,
      { ...this.#snapshotParts, prices: new PriceBook() },
      secrets ?? new Map(),
      this.services.snapshot,
    )
    await loadBuiltInStages(config)
    this.#discard(this.#createStages(config, secrets ?? new Map()))
    return configWarnings(snapshot, {})
  }

  /** Stages that did not come into force. */
  #discard(stages: readonly OwnedStage[]): void {
    discardStages(stages, this.#builtInStages, (error) => {
      this.services.logger.warn('a stage could not be closed', { error })
    })
  }

  updateConfig(input: GatewayConfigInput): Promise<void> {
    const update = async (): Promise<void> => {
      if (this.services.state === 'closed') throw gatewayErrors.CLOSED()
      const config = resolveConfig('gateway config', gatewayConfigSchema, input)
      if (config.auth.kind === 'keys' && this.services.keys === undefined) throw gatewayErrors.NO_KEYS()
      const secrets = await resolveCredentials(config, this.#secretStore, this.#stopReading.signal)
      await loadBuiltInStages(config)
      this.#swap(config, secrets ?? new Map())
      this.#warn()
    }
    // One after the other: the last update wins, however long an earlier one waited for its secrets.
    const result = this.#updates.then(update)
    this.#updates = result.catch(() => undefined)
    return result
  }

  close(graceMs: number, flushMs: number): Promise<void> {
    this.#closed ??= this.#close(graceMs, flushMs)
    return this.#closed
  }

  async #close(graceMs: number, flushMs: number): Promise<void> {
    const { services } = this
    services.state = 'closing'
    await this.#waitUntilIdle(graceMs)
    for (const request of [...services.inFlight]) request.stop()
    this.#stopReading.abort()
    this.#credentialWatch?.[Symbol.dispose]()
    this.#healthChecks?.[Symbol.dispose]()
    await this.#stageKeeper[Symbol.asyncDispose]()
    if (services.pump !== undefined || services.capture !== undefined) await this.#flush(flushMs)
    if (this.#parts.prices === undefined) await this.prices[Symbol.asyncDispose]()
    if (this.#ownsKeys) await services.keys?.[Symbol.asyncDispose]()
    if (this.#ownsTransport) await services.transport[Symbol.asyncDispose]()
    services.state = 'closed'
  }

  async #waitUntilIdle(graceMs: number): Promise<void> {
    const { services } = this
    if (services.inFlight.size === 0) return
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const proceed = () => {
      resolve(undefined)
    }
    services.onIdle = proceed
    using _timer = services.clock.schedule(graceMs, proceed)
    await promise
  }

  async #flush(flushMs: number): Promise<void> {
    const { pump, capture, clock, logger } = this.services
    const deadline = new AbortController()
    using _timer = clock.schedule(flushMs, () => {
      deadline.abort()
    })
    try {
      await Promise.all([pump?.flush(deadline.signal), capture?.flush(deadline.signal)])
    } catch (error) {
      logger.error('events were not stored before closing', { error, pending: pump?.pending })
    }
  }

  metricsText(): string {
    const { services } = this
    const nowMs = services.clock.monotonicMs()
    return services.metrics.render({
      inFlight: services.inFlight.size,
      eventsPending: services.pump?.pending ?? 0,
      eventsDropped: services.pump?.dropped ?? 0,
      targets: [...services.snapshot.targets.values()].map((state) => ({
        id: state.target.id,
        inFlight: state.inFlight,
        healthy: state.isAvailable(nowMs),
      })),
    })
  }
}

/**
 * Builds a gateway. The configuration is checked at once.
 * @throws CORE_CONFIG_INVALID with every problem, or GATEWAY_UNKNOWN_PROVIDER and its like for names that lead nowhere.
 */
export function createGateway(config: GatewayConfigInput, parts: GatewayParts = {}): Gateway {
  const root = new GatewayRoot(config, parts)
  const fetch: Gateway['fetch'] = (input, init) => {
    const exchange = new FetchExchange(input, init)
    root.serveWhenReady(exchange)
    return exchange.response
  }
  const close: Gateway['close'] = (options) => root.close(options?.graceMs ?? defaultGraceMs, options?.flushMs ?? defaultFlushMs)
  return {
    ...createCalls(fetch),
    handle: (req, res) => {
      serve(root.server, new NodeExchange(req, res))
    },
    fetch,
    ready: root.ready,
    keys: root.services.keys,
    get blocking() {
      return root.blocking
    },
    get cache() {
      return root.cache
    },
    prices: root.prices,
    updateConfig: (next) => root.updateConfig(next),
    checkConfig: (next) => root.checkConfig(next),
    get config() {
      return root.services.snapshot.config
    },
    onEvent: (listener) => root.services.live.add(listener),
    metricsText: () => root.metricsText(),
    get inFlight() {
      return root.services.inFlight.size
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
