import { describe, expect, test } from 'vitest'
import { listEvents, listWorkers, readWorkerLog, restartWorker, type KubernetesObject } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { applyAll, sampleManager } from '../support/sample-manager.ts'

const never = new AbortController().signal
const chat = { name: 'llama-chat', namespace: 'bud-inference' }
const h100: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' } },
  spec: {},
  status: { allocatable: { 'nvidia.com/gpu': '8' }, capacity: { 'nvidia.com/gpu': '8' }, conditions: [{ type: 'Ready', status: 'True' }] },
}

async function deployed(readLog?: () => string) {
  const api = createFakeKubernetes(readLog === undefined ? {} : { readLog })
  await api.create(h100, never)
  const { manager } = sampleManager({ api })
  await applyAll(manager, await manager.plan({ plan: samplePlan() }))
  return { api, manager }
}

describe('workers', () => {
  test('are listed with what they run on, for one deployment or for all', async () => {
    const { api, manager } = await deployed()
    const [worker, second] = await manager.workers(chat)
    expect(worker).toMatchObject({
      deployment: 'llama-chat',
      hardwareId: 'h100-sxm',
      devices: { 'nvidia.com/gpu': 2 },
      cpuCores: 8,
      memoryBytes: 64 * 1024 ** 3,
      ready: true,
    })
    expect(second).toBeDefined()
    expect(await listWorkers(api, undefined, never)).toHaveLength(2)
    expect(await listWorkers(api, { ...chat, name: 'other' }, never)).toEqual([])
  })

  test('say what they said, line by line', async () => {
    const { api } = await deployed(() => '2026-01-02T03:04:05.678901234Z loading weights\nplain line\n')
    expect(await readWorkerLog(api, { name: 'pod', namespace: 'n' }, { tailLines: 10 }, never)).toEqual([
      { at: '2026-01-02T03:04:05.678901234Z', text: 'loading weights' },
      { at: undefined, text: 'plain line' },
    ])
  })

  test('are let go one by one, and only ours', async () => {
    const { api } = await deployed()
    const [worker] = await listWorkers(api, chat, never)
    if (worker === undefined) throw new Error('there are workers')
    await restartWorker(api, worker, never)
    expect(api.objects().some(({ metadata }) => metadata.name === worker.name)).toBe(false)
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs', namespace: 'default' } }, never)
    await restartWorker(api, { name: 'theirs', namespace: 'default' }, never)
    expect(api.objects().some(({ metadata }) => metadata.name === 'theirs')).toBe(true)
  })

  test('come with what Kubernetes noted, newest first', async () => {
    const { api } = await deployed()
    const event = (name: string, kind: string, about: string, lastTimestamp: string) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: chat.namespace },
      type: 'Warning',
      reason: 'FailedScheduling',
      message: '0/3 nodes',
      count: 4,
      lastTimestamp,
      involvedObject: { kind, name: about },
    })
    await api.create(event('a', 'Pod', 'llama-chat-1', '2026-01-01T00:00:00Z'), never)
    await api.create(event('b', 'Pod', 'llama-chat-1', '2026-01-02T00:00:00Z'), never)
    await api.create(event('c', 'Node', 'node-1', '2026-01-03T00:00:00Z'), never)
    const events = await listEvents(api, chat, never)
    expect(events.map(({ about, lastAt, count }) => [about, lastAt, count])).toEqual([
      ['Pod llama-chat-1', '2026-01-02T00:00:00Z', 4],
      ['Pod llama-chat-1', '2026-01-01T00:00:00Z', 4],
    ])
    expect(await listEvents(api, { node: 'node-1' }, never)).toHaveLength(1)
  })
})
