/** The routes under /api: each checks who calls, then hands over to the package that does the work. */
import { coreErrors, createId, createSecret, isBudError, systemClock, systemRandom, type Logger, type Secret } from '@bud-foundry/core'
import { handleClusterPlan } from '@bud-foundry/cluster'
import { gatewayErrors, type KeyRecord } from '@bud-foundry/gateway'
import type { OtlpReceiver } from '@bud-foundry/metrics'
import { toErrorResponse, type Admin, type AdminCaller } from '@bud-foundry/gateway/admin'
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { addClusterRoutes } from './clusters/clusters-api.ts'
import type { ServedCluster } from './clusters/served-cluster.ts'
import { createConsoleDocument } from './console-document.ts'
import { adminPath } from './administration.ts'
import { serverErrors } from './errors.ts'
import type { RouteView } from './routes-view.ts'
import { predictLoads, predictSchema } from './predict.ts'
import type { Identity, Permission } from './identity.ts'
import type { LiveEvents } from './live-events.ts'
import { simCatalogue } from './sim-catalogue.ts'

/** Sessions and keys are a few hundred bytes. */
const bodyBytesMax = 64 * 1024

export type FetchHandler = (request: Request) => Promise<Response>

export interface ApiParts {
  readonly identity: Identity
  readonly admin: Admin
  /** `/api/admin/*`; checks for itself who asks. */
  readonly administration: FetchHandler
  readonly liveEvents: LiveEvents
  readonly logger: Logger
  /** `POST /api/sim/optimize`. */
  readonly optimize: FetchHandler
  /** What the gateway routes where, and how its targets are. */
  readonly routes: () => readonly RouteView[]
  /** `/api/clusters/*`; those that are real first. */
  readonly clusters: readonly ServedCluster[]
  /** `/api/metrics/*`; checks for itself whose rows the caller may see, and knows its methods. */
  readonly metrics: FetchHandler
  /** `/v1/traces` and `/v1/metrics` under `/api/otlp`; checks for itself whose they are. */
  readonly otlp: Pick<OtlpReceiver, 'handle' | 'coverage'>
  /** Prometheus text exposition. */
  readonly prometheus: (signal: AbortSignal) => Promise<string>
  readonly page: (path: string) => Promise<Response | undefined>
}

const sessionRequestSchema = z.strictObject({ apiKey: z.string().min(1).max(512).optional() })

const newKeySchema = z.strictObject({
  name: z.string().min(1).max(100),
  projectId: z.string().min(1).max(100).default('default'),
  userId: z.string().min(1).max(200).optional(),
  scopes: z
    .array(z.enum(['inference', 'metrics', 'plan', 'admin']))
    .min(1)
    .default(['inference']),
  models: z.array(z.string().min(1)).min(1).optional(),
  expiresUnixMs: z.number().positive().optional(),
})

/** Reads at most the limit, so that whoever sends more is cut off and not collected. */
async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax) throw serverErrors.BODY_TOO_LARGE({ bytesMax: bodyBytesMax })
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

async function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const text = await readText(request)
  let body: unknown
  try {
    body = text === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw serverErrors.BODY_INVALID({ reason: error instanceof Error ? error.message : 'it is not JSON' })
  }
  const parsed = schema.safeParse(body)
  if (!parsed.success) {
    throw coreErrors.CONFIG_INVALID({
      what: 'request body',
      issues: parsed.error.issues.map((issue) => ({
        path: issue.path.map(String).join('.') || '(root)',
        message: issue.message,
        fix: undefined,
      })),
    })
  }
  return parsed.data
}

/** Of the routes below; other methods of their paths get 405. */
const allowedMethods: Readonly<Record<string, string>> = {
  '/api/session': 'POST',
  '/api/keys': 'GET, POST',
  '/api/keys/:id': 'DELETE',
  '/api/otlp/v1/traces': 'POST',
  '/api/otlp/v1/metrics': 'POST',
  '/api/otlp/coverage': 'GET',
  '/api/metrics/live': 'GET',
  '/api/sim/optimize': 'POST',
  '/api/routes': 'GET',
  '/api/sim/predict': 'POST',
  '/api/sim/catalogue': 'GET',
  '/api/openapi.json': 'GET',
  '/api/clusters/plan': 'POST',
}

function methodNotAllowed({ req }: Context, allowed: string): Response {
  return toErrorResponse(gatewayErrors.METHOD_NOT_ALLOWED({ method: req.method, path: req.path, allowed }), { allow: allowed })
}

/** Administrators see every project, others their own. */
const visibleProject = (record: KeyRecord) => (record.scopes.includes('admin') ? undefined : record.projectId)

const optionalSecret = (plain: string | undefined): Secret | undefined => (plain === undefined ? undefined : createSecret(plain))

export function createApi({
  identity,
  admin,
  administration,
  liveEvents,
  logger,
  optimize,
  clusters,
  routes,
  metrics,
  otlp,
  prometheus,
  page,
}: ApiParts): Hono {
  const app = new Hono()
  const allow = (request: Request, scope: Permission) => identity.require(request, scope)

  const callerOf = (request: Request): AdminCaller => {
    const { id, name } = allow(request, 'admin')
    return { actor: { id, name }, requestId: request.headers.get('x-request-id') ?? createId(systemClock, systemRandom) }
  }

  app.onError((error, context) => {
    if (isBudError(error)) return toErrorResponse(error)
    logger.error('a route failed', { path: context.req.path, error })
    return context.json({ error: { code: 'SERVER_FAILED', message: 'something went wrong on our side; the log says what' } }, 500)
  })

  app.post('/api/session', async (context) => {
    const { apiKey } = await readBody(context.req.raw, sessionRequestSchema)
    const session = await identity.openSession(context.req.raw, optionalSecret(apiKey))
    if (session.setCookie !== undefined) context.header('set-cookie', session.setCookie)
    context.header('cache-control', 'no-store')
    return context.json({ expiresAtUnixMs: session.expiresAtUnixMs, scopes: session.scopes })
  })

  app.all(`${adminPath}/*`, (context) => administration(context.req.raw))

  // The keys of teams, without the sessions of the page.
  app.get('/api/keys', async (context) => {
    const { data } = await admin.call('listKeys', {}, callerOf(context.req.raw))
    return context.json({ data: data.filter(({ tags }) => tags['kind'] !== 'session') })
  })
  app.post('/api/keys', async (context) => {
    const caller = callerOf(context.req.raw)
    const made = await admin.call('createKey', { body: await readBody(context.req.raw, newKeySchema) }, caller)
    context.header('cache-control', 'no-store')
    return context.json(made, 201)
  })
  app.delete('/api/keys/:id', async (context) => {
    const { id } = context.req.param()
    return context.json(await admin.call('revokeKey', { params: { id } }, callerOf(context.req.raw)))
  })

  app.get('/api/metrics/live', (context) => {
    const record = allow(context.req.raw, 'metrics')
    const stream = liveEvents.watch(visibleProject(record), context.req.raw.signal)
    return stream ?? context.json({ error: { code: 'SERVER_BUSY', message: 'too many pages watch already; close one' } }, 503)
  })
  app.all('/api/metrics/live', (context) => methodNotAllowed(context, 'GET'))
  app.all('/api/metrics/*', (context) => metrics(context.req.raw))
  app.post('/api/otlp/v1/:signal{traces|metrics}', (context) => otlp.handle(context.req.raw))
  app.get('/api/otlp/coverage', (context) => {
    allow(context.req.raw, 'admin')
    return context.json(otlp.coverage())
  })
  app.get('/api/routes', (context) => {
    allow(context.req.raw, 'metrics')
    return context.json({ data: routes() })
  })
  app.get('/metrics', async (context) => {
    allow(context.req.raw, 'metrics')
    return context.text(await prometheus(context.req.raw.signal), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  app.post('/api/sim/optimize', (context) => {
    allow(context.req.raw, 'plan')
    return optimize(context.req.raw)
  })
  app.post('/api/sim/predict', async (context) => {
    allow(context.req.raw, 'plan')
    const { plan, workloads } = await readBody(context.req.raw, predictSchema)
    return context.json({ data: (await predictLoads(plan, workloads)).map((each) => each ?? null) })
  })
  app.post('/api/clusters/plan', (context) => {
    allow(context.req.raw, 'plan')
    return handleClusterPlan(context.req.raw)
  })

  app.get('/api/sim/catalogue', (context) => {
    allow(context.req.raw, 'plan')
    return context.json(simCatalogue())
  })
  app.get('/api/openapi.json', (context) => {
    allow(context.req.raw, 'plan')
    return context.json(createConsoleDocument())
  })
  addClusterRoutes({ app, clusters, readBody, allow })

  for (const [path, methods] of Object.entries(allowedMethods)) app.all(path, (context) => methodNotAllowed(context, methods))
  app.all('/api/*', (context) => {
    throw serverErrors.NOT_FOUND({ what: `${context.req.method} ${context.req.path}` })
  })
  app.get('*', async (context) => {
    const file = await page(context.req.path)
    if (file === undefined) throw serverErrors.NOT_FOUND({ what: context.req.path })
    return file
  })
  return app
}
