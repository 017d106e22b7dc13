/** The routes under /api/clusters, the same for a simulation and for a real cluster. */
import type { Hono } from 'hono'
import type { z } from 'zod'
import { serverErrors } from '../errors.ts'
import type { Permission } from '../identity.ts'
import { operationRequestSchema, planRequestSchema } from './cluster-schemas.ts'
import { previewScaling, scalePreviewSchema } from './scale-preview.ts'
import type { ServedCluster } from './served-cluster.ts'

export interface ClustersApiParts {
  readonly app: Hono
  /** Those that are real first. */
  readonly clusters: readonly ServedCluster[]
  /** Throws when the caller may not. */
  readonly allow: (request: Request, scope: Permission) => void
  readonly readBody: <Schema extends z.ZodType>(request: Request, schema: Schema) => Promise<z.output<Schema>>
}

const base = '/api/clusters'
/** Below the base, and no clusters. */
const ownRoutes = ['plan', 'scale-preview']

export function addClusterRoutes({ app, clusters, allow, readBody }: ClustersApiParts): void {
  /** A simulation is bounded, and whoever may plan may deploy to it; what is real is for administrators. */
  const scopeOf = ({ isDemo }: ServedCluster): Permission => (isDemo ? 'plan' : 'admin')
  const may = (request: Request, cluster: ServedCluster): boolean => {
    try {
      allow(request, scopeOf(cluster))
      return true
    } catch {
      // Who may not see it is not told of it.
      return false
    }
  }
  const clusterOf = (id: string): ServedCluster => {
    const found = clusters.find((cluster) => cluster.id === id)
    if (found === undefined) throw serverErrors.NOT_FOUND({ what: `cluster ${id}` })
    return found
  }

  app.use(`${base}/*`, async (context, next) => {
    context.header('cache-control', 'no-store')
    await next()
  })
  app.use(`${base}/:id/*`, async (context, next) => {
    const { id } = context.req.param()
    allow(context.req.raw, ownRoutes.includes(id) ? 'plan' : scopeOf(clusterOf(id)))
    await next()
  })

  app.get(base, async (context) => {
    allow(context.req.raw, 'plan')
    const visible = clusters.filter((cluster) => may(context.req.raw, cluster))
    return context.json({ data: await Promise.all(visible.map((cluster) => cluster.summarise(context.req.raw.signal))) })
  })
  app.post(`${base}/scale-preview`, async (context) => {
    allow(context.req.raw, 'plan')
    return context.json(previewScaling(await readBody(context.req.raw, scalePreviewSchema)))
  })
  app.get(`${base}/:id`, async (context) => {
    const cluster = clusterOf(context.req.param('id'))
    allow(context.req.raw, scopeOf(cluster))
    return context.json(await cluster.describe(context.req.raw.signal))
  })
  app.post(`${base}/:id/changes`, async (context) => {
    const { plan } = await readBody(context.req.raw, planRequestSchema)
    const planned = await clusterOf(context.req.param('id')).plan(plan, context.req.raw.signal)
    const { id, deployment, changes, diff, costUsdPerHour, costUsdPerMonth, findings, predicted } = planned
    const shown = changes.map(({ action, resource, fields }) => ({ action, resource, fields }))
    return context.json({ id, deployment, changes: shown, diff, costUsdPerHour, costUsdPerMonth, findings, predicted })
  })
  app.get(`${base}/:id/deployments`, async (context) =>
    context.json({ data: await clusterOf(context.req.param('id')).deployments(context.req.raw.signal) }),
  )
  app.get(`${base}/:id/deployments/:namespace/:name/logs`, async (context) => {
    const { id, namespace, name } = context.req.param()
    return context.json({ data: await clusterOf(id).logs({ namespace, name }, context.req.raw.signal) })
  })
  app.get(`${base}/:id/leftovers`, async (context) =>
    context.json({ data: await clusterOf(context.req.param('id')).leftovers(context.req.raw.signal) }),
  )
  app.get(`${base}/:id/benchmarks`, (context) => context.json({ data: clusterOf(context.req.param('id')).benchmarks() }))
  app.get(`${base}/:id/operations`, (context) => context.json({ data: clusterOf(context.req.param('id')).operations.list() }))
  app.post(`${base}/:id/operations`, async (context) => {
    const body = await readBody(context.req.raw, operationRequestSchema)
    const cluster = clusterOf(context.req.param('id'))
    if ('changes' in body) return context.json(cluster.apply(body.changes), 202)
    return context.json('destroy' in body ? await cluster.destroy(body.destroy) : cluster.benchmark(body.benchmark), 202)
  })
  app.get(`${base}/:id/operations/:operation`, (context) => {
    const { id, operation } = context.req.param()
    return context.json(clusterOf(id).operations.get(operation))
  })
  app.post(`${base}/:id/operations/:operation/cancel`, async (context) => {
    const { id, operation } = context.req.param()
    return context.json(await clusterOf(id).operations.cancel(operation))
  })
  app.post(`${base}/:id/operations/:operation/resume`, (context) => {
    const { id, operation } = context.req.param()
    return context.json(clusterOf(id).operations.resume(operation), 202)
  })
}
