/** The routes under /api/clusters/demo. They are those of any cluster: what is behind them is a simulation, and its answers say so. */
import { deploymentPlanSchema } from '@bud-foundry/core'
import type { Hono } from 'hono'
import { z } from 'zod'
import { serverErrors } from '../errors.ts'
import type { DemoCluster } from './demo-cluster.ts'
import { demoClusterId } from './demo-cluster.ts'
import { previewScaling, scalePreviewSchema } from './scale-preview.ts'

export interface ClustersApiParts {
  readonly app: Hono
  readonly cluster: DemoCluster
  /** Throws when the caller may not. */
  readonly allow: (request: Request) => void
  readonly readBody: <Schema extends z.ZodType>(request: Request, schema: Schema) => Promise<z.output<Schema>>
}

const base = '/api/clusters'
const planSchema = z.strictObject({ plan: deploymentPlanSchema })
const deploymentSchema = z.strictObject({ name: z.string().min(1).max(63), namespace: z.string().min(1).max(63) })
const operationSchema = z.union([z.strictObject({ changes: z.string().min(1) }), z.strictObject({ destroy: deploymentSchema })])

export function addClusterRoutes({ app, cluster, allow, readBody }: ClustersApiParts): void {
  app.use(`${base}/*`, async (context, next) => {
    allow(context.req.raw)
    context.header('cache-control', 'no-store')
    await next()
  })
  app.use(`${base}/:id/*`, async (context, next) => {
    const { id } = context.req.param()
    const isRoute = ['plan', 'scale-preview'].includes(id)
    if (id !== demoClusterId && !isRoute) throw serverErrors.NOT_FOUND({ what: `cluster ${id}` })
    await next()
  })

  app.get(base, async (context) => {
    allow(context.req.raw)
    return context.json({ data: [await cluster.describe(context.req.raw.signal)] })
  })
  app.get(`${base}/demo`, async (context) => context.json(await cluster.describe(context.req.raw.signal)))
  app.post(`${base}/scale-preview`, async (context) => context.json(previewScaling(await readBody(context.req.raw, scalePreviewSchema))))
  app.post(`${base}/demo/changes`, async (context) => {
    const { plan } = await readBody(context.req.raw, planSchema)
    const { id, deployment, changes, diff, costUsdPerHour, costUsdPerMonth, findings, predicted } = await cluster.plan(
      plan,
      context.req.raw.signal,
    )
    const shown = changes.map(({ action, resource, fields }) => ({ action, resource, fields }))
    return context.json({ id, deployment, changes: shown, diff, costUsdPerHour, costUsdPerMonth, findings, predicted })
  })
  app.get(`${base}/demo/deployments`, async (context) => context.json({ data: await cluster.deployments(context.req.raw.signal) }))
  app.get(`${base}/demo/deployments/:namespace/:name/logs`, (context) => context.json({ data: cluster.logs(context.req.param()) }))
  app.get(`${base}/demo/leftovers`, async (context) => context.json({ data: await cluster.leftovers(context.req.raw.signal) }))
  app.get(`${base}/demo/operations`, (context) => context.json({ data: cluster.operations.list() }))
  app.post(`${base}/demo/operations`, async (context) => {
    const body = await readBody(context.req.raw, operationSchema)
    return context.json('changes' in body ? cluster.apply(body.changes) : cluster.destroy(body.destroy), 202)
  })
  app.get(`${base}/demo/operations/:operation`, (context) => context.json(cluster.operations.get(context.req.param('operation'))))
  app.post(`${base}/demo/operations/:operation/cancel`, async (context) =>
    context.json(await cluster.operations.cancel(context.req.param('operation'))),
  )
  app.post(`${base}/demo/operations/:operation/resume`, (context) =>
    context.json(cluster.operations.resume(context.req.param('operation')), 202),
  )
}
