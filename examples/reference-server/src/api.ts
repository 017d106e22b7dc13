/** The routes under /api: each checks who calls, then hands over to the package that does the work. */
import { coreErrors, createSecret, isBudError, type Logger, type Secret } from '@bud-foundry/core'
import { handleClusterPlan } from '@bud-foundry/cluster'
import type { KeyRecord, KeyRing } from '@bud-foundry/gateway'
import { Hono } from 'hono'
import { z } from 'zod'
import { serverErrors } from './errors.ts'
import type { Identity, Permission } from './identity.ts'
import type { LiveEvents } from './live-events.ts'

/** Sessions and keys are a few hundred bytes. */
const bodyBytesMax = 64 * 1024

export type FetchHandler = (request: Request) => Promise<Response>

export interface ApiParts {
  readonly identity: Identity
  readonly keys: KeyRing
  readonly liveEvents: LiveEvents
  readonly logger: Logger
  /** `POST /api/sim/optimize`. */
  readonly optimize: FetchHandler
  /** `GET /api/metrics/*`; checks for itself whose rows the caller may see. */
  readonly metrics: FetchHandler
  /** Prometheus text exposition. */
  readonly prometheus: () => string
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

/** What a list may show of a key: never its hash. */
const toPublicKey = ({ hash: _hash, ...rest }: KeyRecord) => rest

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

/** Administrators see every project, others their own. */
const visibleProject = (record: KeyRecord) => (record.scopes.includes('admin') ? undefined : record.projectId)

const optionalSecret = (plain: string | undefined): Secret | undefined => (plain === undefined ? undefined : createSecret(plain))

export function createApi({ identity, keys, liveEvents, logger, optimize, metrics, prometheus, page }: ApiParts): Hono {
  const app = new Hono()
  const allow = (request: Request, scope: Permission) => identity.require(request, scope)

  app.onError((error, context) => {
    if (isBudError(error)) return Response.json({ error: { code: error.code, message: error.message } }, { status: error.status })
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

  app.get('/api/keys', (context) => {
    allow(context.req.raw, 'admin')
    return context.json({
      data: keys
        .list()
        .filter(({ tags }) => tags['kind'] !== 'session')
        .map(toPublicKey),
    })
  })
  app.post('/api/keys', async (context) => {
    allow(context.req.raw, 'admin')
    const { key, record } = await keys.create(await readBody(context.req.raw, newKeySchema))
    context.header('cache-control', 'no-store')
    return context.json({ ...toPublicKey(record), key: key.reveal() }, 201)
  })
  app.delete('/api/keys/:id', async (context) => {
    allow(context.req.raw, 'admin')
    const record = await keys.revoke(context.req.param('id'))
    if (record === undefined) throw serverErrors.NOT_FOUND({ what: `key '${context.req.param('id')}'` })
    return context.json(toPublicKey(record))
  })

  app.get('/api/metrics/live', (context) => {
    const record = allow(context.req.raw, 'metrics')
    const stream = liveEvents.watch(visibleProject(record), context.req.raw.signal)
    return stream ?? context.json({ error: { code: 'SERVER_BUSY', message: 'too many pages watch already; close one' } }, 503)
  })
  app.get('/api/metrics/*', (context) => metrics(context.req.raw))
  app.get('/metrics', (context) => {
    allow(context.req.raw, 'metrics')
    return context.text(prometheus(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  app.post('/api/sim/optimize', (context) => {
    allow(context.req.raw, 'plan')
    return optimize(context.req.raw)
  })
  app.post('/api/clusters/plan', (context) => {
    allow(context.req.raw, 'plan')
    return handleClusterPlan(context.req.raw)
  })

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
