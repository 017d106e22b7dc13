/** Builds every part and joins them: the best tour of the product. */
import { fileURLToPath } from 'node:url'
import type { DeployedEndpoint } from '@bud-foundry/cluster'
import type { Clock, Logger, Secret } from '@bud-foundry/core'
import { createFileStore } from '@bud-foundry/core/store/file'
import { createGateway, createKeyRing } from '@bud-foundry/gateway'
import { createMetrics, createMetricsHandler, createOtlpReceiver, storeMetricsText } from '@bud-foundry/metrics'
import { createAdministration } from './administration.ts'
import { createAuditedErasure, openAnalytics } from './analytics.ts'
import { createOptimizerHandler } from '@bud-foundry/sim'
import { createApi } from './api.ts'
import { createDemoCluster } from './clusters/demo-cluster.ts'
import { createKubernetesCluster, readKubeconfig } from './clusters/kubernetes-cluster.ts'
import { openDataDirectory } from './data-directory.ts'
import type { ServerEnvironment } from './env.ts'
import { gatewayConfig } from './gateway-config.ts'
import { startHttpServer } from './http-server.ts'
import { createIdentity, isLoopbackHost, visibleScope } from './identity.ts'
import { createLiveEvents } from './live-events.ts'
import { logRequest } from './request-log.ts'
import { openEnvelope } from './master-key.ts'
import { viewRoutes } from './routes-view.ts'
import { createStaticFiles } from './static-files.ts'
import { startTwinFleet } from './twin-fleet.ts'
import { configuredUpstreams, listModels } from './upstream-discovery.ts'

/** What the engine twin pretends to be. */
const twinModel = 'meta-llama/Llama-3.1-8B-Instruct'
const twinHardware = 'h100-sxm'

/** What is not stored by then stays in the spool for the next start. */
const flushMsMax = 1_000

/** How often the upstreams are asked again for their models, so that one that was down at the start is found later. */
const discoveryMs = 5 * 60_000

export interface ReferenceServer {
  readonly url: string
  readonly adminKey: Secret
  /** Requests in flight get `graceMs`; then remaining streams end with a typed error, events are stored, children stop. */
  stop(graceMs: number): Promise<void>
}

export interface ServerParts {
  readonly clock: Clock
  readonly logger: Logger
}

/** @throws what the parts throw; everything started by then is stopped again. */
export async function compose(environment: ServerEnvironment, { clock, logger }: ServerParts): Promise<ReferenceServer> {
  await using building = new AsyncDisposableStack()
  const directory = building.use(openDataDirectory(environment.BUD_DATA_DIR))
  const upstreams = configuredUpstreams(environment)
  const discover = () =>
    Promise.all(upstreams.map(async (upstream) => ({ upstream, models: await listModels(upstream, { clock, logger, fetch }) })))

  // Started together, because each takes a moment: processes, an analytics engine, an RSA key at the first start.
  const [fleet, client, envelope, discovered] = await Promise.all([
    startTwinFleet({ replicas: environment.BUD_TWINS, model: twinModel, hardwareId: twinHardware, clock, logger }).then((started) =>
      building.use(started),
    ),
    openAnalytics(environment, directory),
    openEnvelope(directory),
    discover(),
  ])
  const { BUD_RETENTION: retention = {} } = environment
  const metrics = building.use(
    await createMetrics({ client, spoolDirectory: directory.file('spool'), clock, logger, retention, startsWithoutDatabase: true }),
  )
  const store = building.use(await createFileStore({ path: directory.file('state.sqlite'), clock }))
  const keys = building.use(createKeyRing({ store, clock }))
  const captureShare = environment.BUD_CAPTURE_SHARE
  const gateway = createGateway(gatewayConfig({ fleet, discovered, captureShare }), {
    store,
    keys,
    sink: metrics.sink,
    payloads: metrics.sink,
    clock,
    logger,
  })
  building.defer(() => gateway.close({ graceMs: 0 }))
  await gateway.ready

  const rediscovery = new AbortController()
  building.defer(() => {
    rediscovery.abort()
  })
  // What an administrator has put in force by hand stays until it is asked for anew.
  let isByHand = false
  const refresh = async (): Promise<void> => {
    isByHand = false
    const deployments = demo.engines()
    await gateway.updateConfig(gatewayConfig({ fleet, discovered: await discover(), deployments, endpoints, captureShare }))
  }
  let endpoints: readonly DeployedEndpoint[] = []
  const demo = building.use(await createDemoCluster({ clock, logger, onEngines: refresh }))
  const kubeconfig = readKubeconfig(environment)
  const kubernetes =
    kubeconfig === undefined
      ? undefined
      : building.use(
          await createKubernetesCluster({
            kubeconfig,
            context: environment.BUD_KUBE_CONTEXT,
            clock,
            logger,
            store,
            onEndpoints: async (present) => {
              endpoints = present
              if (!isByHand) await refresh()
            },
          }),
        )
  const keepDiscovering = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(discoveryMs, rediscovery.signal)
      if (!isByHand) await refresh()
    }
  }
  if (upstreams.length > 0) {
    keepDiscovering().catch((error: unknown) => {
      if (!rediscovery.signal.aborted) logger.error('models of the upstreams are no longer refreshed', { error })
    })
  }

  const liveEvents = building.use(createLiveEvents(clock))
  building.use(
    gateway.onEvent((event) => {
      liveEvents.publish(event.kind, event, event.projectId)
      if (event.kind === 'request') logRequest(logger, event)
    }),
  )
  const identity = createIdentity({ keys, store, envelope, clock, isLoopback: isLoopbackHost(environment.BUD_HOST) })
  const adminKey = await identity.adminKey()
  const administration = building.use(
    createAdministration({
      gateway,
      keys,
      store,
      envelope,
      sink: metrics.sink,
      clock,
      logger,
      identity,
      reload: refresh,
      onApply: () => {
        isByHand = true
      },
    }),
  )
  const otlp = createOtlpReceiver({ sink: metrics.sink, authorize: (request) => identity.require(request, 'inference').projectId, clock })
  // A scrape tells of the gateway also while the database is away.
  const storeText = (signal: AbortSignal) =>
    storeMetricsText({ client, receipt: metrics.sink.receipt(), coverage: otlp.coverage() }, signal).catch((error: unknown) => {
      logger.warn('the state of the database is missing from a scrape', { error })
      return ''
    })
  const api = createApi({
    identity,
    admin: administration.admin,
    administration: administration.handler,
    liveEvents,
    logger,
    metrics: createMetricsHandler({
      metrics,
      authorize: (request) => visibleScope(identity.require(request, 'metrics')),
      operations: {
        erase: createAuditedErasure({ metrics, identity, clock }),
        storeNodePrices: (prices, { signal }) => metrics.storeNodePrices(prices, signal),
        storeTargetDevices: (devices, { signal }) => metrics.storeTargetDevices(devices, signal),
      },
    }),
    otlp,
    prometheus: async (signal) => `${gateway.metricsText()}${await storeText(signal)}`,
    optimize: createOptimizerHandler(),
    clusters: kubernetes === undefined ? [demo] : [kubernetes, demo],
    // Through JSON, where secrets print as `[secret]`.
    routes: () => viewRoutes(JSON.parse(JSON.stringify(gateway.config)), gateway.metricsText()),
    page: createStaticFiles(fileURLToPath(new URL('../dist-web', import.meta.url))),
  })
  const http = building.use(
    await startHttpServer({ host: environment.BUD_HOST, port: environment.BUD_PORT, gateway, api, identity, logger }),
  )

  const running = building.move()
  return {
    url: http.url,
    adminKey,
    stop: async (graceMs) => {
      http.stopListening()
      await gateway.close({ graceMs, flushMs: flushMsMax })
      // Nothing needs the engines any more, and they may take as long as the database to end.
      await Promise.all([
        fleet[Symbol.asyncDispose](),
        demo[Symbol.asyncDispose](),
        kubernetes?.[Symbol.asyncDispose](),
        running.disposeAsync(),
      ])
    },
  }
}
