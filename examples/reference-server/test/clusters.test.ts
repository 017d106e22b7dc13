/** From a plan to an engine that answers and back, on the demo cluster, through the routes that the console uses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BenchmarkView } from '../src/clusters/benchmark-view.ts'
import type { OperationState } from '../src/clusters/operations.ts'
import { toPercentiles } from '../src/clusters/twin-benchmark.ts'
import { previewScaling, scalePreviewSchema } from '../src/clusters/scale-preview.ts'
import { consoleRoutes } from '../src/console-document.ts'
import { eventually, startServer, type RunningServer } from './server-process.ts'

let folder = ''
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bud-clusters-'))
  server = await startServer({ dataDirectory: folder, env: { BUD_TWINS: '0' } })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

// Safe in a test: a wrong shape makes the assertions on it fail.
const ask = async <Body>(path: string, body?: unknown) =>
  (await (await server.call(path, body === undefined ? {} : { body })).json()) as Body
const modelIds = async () => (await ask<{ data: { id: string }[] }>('/v1/models')).data.map(({ id }) => id)
const ended = (id: string) =>
  eventually(async () => {
    const state = await ask<OperationState>(`/api/clusters/demo/operations/${id}`)
    return state.status === 'running' ? undefined : state
  }, 'the end of the operation')

/** What is answered passes the schema that the document, and with it the client's types, are made of. */
const answersAsDocumented = async (paths: readonly string[]) => {
  for (const path of paths) {
    const route = consoleRoutes.find(({ address }) => new RegExp(`^${address.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(`GET ${path}`))
    expect(route?.answer.safeParse(await ask(path)).error?.issues, path).toBeUndefined()
    expect(route, path).toBeDefined()
  }
}

test('a plan is shown, applied, served, observed and removed without a trace', { timeout: 60_000 }, async () => {
  const { data: clusters } = await ask<{ data: { id: string; isDemo: boolean; nodes: { devices: number; available: number }[] }[] }>(
    '/api/clusters',
  )
  expect(clusters).toMatchObject([{ id: 'demo', isDemo: true }])
  const { plans } = await ask<{ plans: { model: { servedName: string } }[] }>('/api/sim/optimize', {
    model: 'Qwen/Qwen3-8B',
    devices: [{ hardwareId: 'h100-sxm', count: 1, usdPerHour: 3 }],
    workload: { inputTokens: 512, outputTokens: 64, concurrency: 4 },
  })
  const changes = await ask<{ id: string; deployment: { name: string; namespace: string }; diff: string; costUsdPerHour: number }>(
    '/api/clusters/demo/changes',
    { plan: plans[0] },
  )
  expect(changes.diff).toContain(`+ Deployment bud-inference/${changes.deployment.name}`)
  expect(changes.costUsdPerHour).toBe(3)
  const deploy = await ask<OperationState>('/api/clusters/demo/operations', { changes: changes.id })
  expect(await ended(deploy.id)).toMatchObject({ status: 'done', kind: 'deploy' })
  const model = plans[0]?.model.servedName ?? ''
  expect(await modelIds()).toEqual([model])
  const answer = await server.call('/v1/chat/completions', { body: { model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 } })
  expect(answer.status).toBe(200)
  await answersAsDocumented(['/api/clusters', '/api/clusters/demo', '/api/clusters/demo/operations', '/api/clusters/demo/deployments'])
  const { data: deployments } = await ask<{ data: object[] }>('/api/clusters/demo/deployments')
  expect(deployments).toMatchObject([{ status: 'ready', readyReplicas: 1, pods: [{ nodeName: 'node-1', ready: true }] }])
  const benchmark = await ask<OperationState>('/api/clusters/demo/operations', { benchmark: changes.deployment })
  expect(await ended(benchmark.id)).toMatchObject({ status: 'done', kind: 'benchmark', done: 16, total: 16 })
  const { data: benchmarks } = await ask<{ data: BenchmarkView[] }>('/api/clusters/demo/benchmarks')
  expect(benchmarks).toMatchObject([{ isSimulated: true, completed: 16, failed: 0, load: { concurrency: 4 }, predicted: {} }])
  expect(benchmarks[0]?.timeToFirstTokenMs.p50).toBeGreaterThan(0)
  expect(benchmarks[0]?.outputTokensPerSecond).toBeGreaterThan(0)
  const path = `/api/clusters/demo/deployments/${changes.deployment.namespace}/${changes.deployment.name}/logs`
  expect((await ask<{ data: { text: string }[] }>(path)).data[0]?.text).toContain('ready')
  const destroy = await ask<OperationState>('/api/clusters/demo/operations', { destroy: changes.deployment })
  expect(await ended(destroy.id)).toMatchObject({ status: 'done', kind: 'destroy' })
  expect(await modelIds()).toEqual([])
  expect(await ask('/api/clusters/demo/leftovers')).toEqual({ data: [] })
})

test('what the console asks beside clusters is answered as documented too', async () => {
  await answersAsDocumented(['/api/routes', '/api/sim/catalogue', '/api/clusters/demo/leftovers', '/api/clusters/demo/benchmarks'])
  const { models, hardware } = await ask<{ models: string[]; hardware: { id: string; memoryBytes: number }[] }>('/api/sim/catalogue')
  expect(models).toContain('Qwen/Qwen3-8B')
  expect(hardware.find(({ id }) => id === 'h100-sxm')?.memoryBytes).toBeGreaterThan(8e10)
})

test('machines tell how their devices are shared, and their state', async () => {
  const { nodes } = await ask<{ nodes: { name: string; sharing?: string; devices: number; slices: object[]; conditions: object[] }[] }>(
    '/api/clusters/demo',
  )
  expect(nodes.find(({ name }) => name === 'node-3')).toMatchObject({ sharing: 'mig', slices: [{ profile: '3g.40gb', count: 2 }, {}] })
  expect(nodes.find(({ name }) => name === 'node-5')).toMatchObject({
    sharing: 'hami',
    devices: 2,
    slices: [{ profile: 'hami', count: 20 }],
  })
  expect(nodes[0]?.conditions).toContainEqual({ type: 'Ready', isTrue: true, message: 'kubelet is posting ready status' })
})

test('percentiles are nearest ranks', () => {
  expect(toPercentiles([4, 1, 3, 2])).toEqual({ mean: 2.5, p50: 2, p95: 4, p99: 4 })
  expect(toPercentiles([])).toEqual({ mean: 0, p50: 0, p95: 0, p99: 0 })
})

test.each([
  ['/api/clusters/other/deployments', undefined, 404],
  ['/api/clusters/demo/operations', { changes: 'never-shown' }, 404],
  ['/api/clusters/demo/operations', { destroy: { name: 'nothing', namespace: 'nowhere' } }, 404],
  ['/api/clusters/demo/changes', { plan: {} }, 400],
  ['/api/clusters/demo/operations', { benchmark: { name: 'nothing', namespace: 'nowhere' } }, 404],
  ['/api/clusters/demo/operations', {}, 400],
])('%s with what it cannot do is answered with %#', async (path, body, status) => {
  expect((await server.call(path, body === undefined ? {} : { body })).status).toBe(status)
})

test('a preview of autoscaling follows the load within its bounds, at a price', () => {
  const input = { minReplicas: 1, maxReplicas: 8, targetPerReplica: 16, peakRequests: 90, usdPerReplicaHour: 3 }
  const day = previewScaling(scalePreviewSchema.parse({ ...input, shape: 'day' }))
  const counts = day.points.map(({ replicas }) => replicas)
  expect(Math.max(...counts)).toBeGreaterThanOrEqual(6)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(1)
  expect(counts.at(-1)).toBeLessThan(Math.max(...counts))
  expect(day.usd).toBeCloseTo(day.replicaHours * 3)
  const capped = previewScaling(scalePreviewSchema.parse({ ...input, shape: 'day', usdPerHourMax: 9 }))
  expect(Math.max(...capped.points.map(({ replicas }) => replicas))).toBeLessThanOrEqual(3)
  expect(capped.servedShare).toBeLessThan(day.servedShare)
})
