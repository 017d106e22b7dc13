/** From a plan to an engine that answers and back, on the demo cluster, through the routes that the console uses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OperationState } from '../src/clusters/operations.ts'
import { previewScaling, scalePreviewSchema } from '../src/clusters/scale-preview.ts'
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
  const { data: deployments } = await ask<{ data: object[] }>('/api/clusters/demo/deployments')
  expect(deployments).toMatchObject([{ status: 'ready', readyReplicas: 1, pods: [{ nodeName: 'node-1', ready: true }] }])
  const path = `/api/clusters/demo/deployments/${changes.deployment.namespace}/${changes.deployment.name}/logs`
  expect((await ask<{ data: { text: string }[] }>(path)).data[0]?.text).toContain('ready')
  const destroy = await ask<OperationState>('/api/clusters/demo/operations', { destroy: changes.deployment })
  expect(await ended(destroy.id)).toMatchObject({ status: 'done', kind: 'destroy' })
  expect(await modelIds()).toEqual([])
  expect(await ask('/api/clusters/demo/leftovers')).toEqual({ data: [] })
})

test.each([
  ['/api/clusters/other/deployments', undefined, 404],
  ['/api/clusters/demo/operations', { changes: 'never-shown' }, 404],
  ['/api/clusters/demo/operations', { destroy: { name: 'nothing', namespace: 'nowhere' } }, 404],
  ['/api/clusters/demo/changes', { plan: {} }, 400],
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
