/** Bud's simulator interface: its inputs in, its outputs out, with the optimizer's numbers in Bud's units. */
import { createBudSimulator, optimize } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'
import { findBudHardware } from '../../src/bud/bud-devices.ts'

const cluster = {
  id: 'c1',
  nodes: [
    {
      id: 'n1',
      name: 'gpu-1',
      status: true,
      devices: [
        { type: 'cuda', raw_name: 'NVIDIA H100 80GB HBM3', available_count: 2, mem_per_GPU_in_GB: 80 },
        { type: 'cpu', name: 'Mystery CPU', available_count: 1 },
      ],
    },
    { id: 'n2', name: 'gpu-2', status: false, devices: [{ type: 'cuda', raw_name: 'NVIDIA H100 80GB HBM3', available_count: 8 }] },
  ],
}
const simulate = createBudSimulator({ clusters: () => Promise.resolve([cluster]) })
const call = async (method: string, path: string, body?: object) => {
  const response = await simulate(
    new Request(`http://sim${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  )
  // The tests below check what they read of it.
  return { status: response.status, body: (await response.json()) as Record<string, never> & { error?: { code: string; message: string } } }
}
const run = {
  pretrained_model_uri: 'Qwen/Qwen3-8B',
  input_tokens: 1000,
  output_tokens: 200,
  concurrency: 16,
  target_ttft: 2000,
  target_throughput_per_user: 20,
  target_e2e_latency: 10,
  cluster_id: 'c1',
}

describe('createBudSimulator', () => {
  it('runs a simulation and recommends what optimize finds, in Bud units', async () => {
    const { status, body } = await call('POST', '/simulator/run', run)
    expect(status).toBe(200)
    const { plans } = await optimize({
      model: run.pretrained_model_uri,
      devices: [{ hardwareId: 'h100-sxm', count: 2, nodeName: 'gpu-1' }],
      workload: { inputTokens: 1000, outputTokens: 200, concurrency: 16 },
      objective: { timeToFirstTokenMs: 2000, timePerOutputTokenMs: 50, endToEndMs: 10_000 },
      market: 'on-demand',
    })
    const best = plans[0]
    const page = await call('GET', `/simulator/recommendations?workflow_id=${String(body['workflow_id'])}&limit=5`)
    expect(page.body).toMatchObject({
      total_items: 1,
      items: [
        {
          cluster_id: 'c1',
          engine: best?.engine.id,
          metrics: {
            replica: 1,
            error_rate: 0,
            ttft: best?.predicted.timeToFirstTokenMs.mid,
            e2e_latency: (best?.predicted.endToEndMs.mid ?? 0) / 1000,
            throughput_per_user: 1000 / (best?.predicted.timePerOutputTokenMs.mid ?? 0),
            cost_per_million_tokens: best?.cost?.usdPerMillionOutputTokens,
          },
        },
      ],
    })
  })

  it('gives node groups to deploy, and another one when a deployment failed', async () => {
    const workflow = String((await call('POST', '/simulator/run', run)).body['workflow_id'])
    const groupOf = (body: object) =>
      (body as { node_groups: { config_id: string; tp_size: number; replicas: number; args: object }[] }).node_groups[0]
    const first = groupOf((await call('POST', '/simulator/configurations', { workflow_id: workflow })).body)
    expect(first).toMatchObject({ type: 'cuda', tp_size: 1, replicas: 1, hardware_mode: 'dedicated', device_name: 'h100-sxm' })
    const feedback = [{ config_id: first?.config_id, failed: true, reason: 'no image' }]
    const second = groupOf((await call('POST', '/simulator/configurations', { workflow_id: workflow, feedback })).body)
    expect(second?.config_id).not.toBe(first?.config_id)
  })

  it('lists the splits of chosen nodes', async () => {
    const { body } = await call('POST', '/simulator/node-configurations', { ...run, node_ids: ['n1'] })
    const sizes = (body as unknown as { options: { tp_size: number }[] }).options.map((option) => option.tp_size)
    expect(new Set(sizes)).toEqual(new Set([1, 2]))
  })

  it.each([
    [
      'an unknown cluster',
      'POST',
      '/simulator/run',
      { ...run, cluster_id: 'c9' },
      400,
      /cluster_id: no cluster is called 'c9' \(use one of c1\)/,
    ],
    ['a target of zero', 'POST', '/simulator/run', { ...run, target_ttft: 0 }, 400, /target_ttft/],
    ['nodes that are down', 'POST', '/simulator/node-configurations', { ...run, node_ids: ['n2'] }, 422, /no free device that is known/],
    ['an unknown workflow', 'GET', '/simulator/recommendations?workflow_id=x', undefined, 400, /no such simulation/],
    ['an unknown route', 'GET', '/simulator/status/1', undefined, 404, /there is no GET/],
  ])('explains %s', async (_, method, path, body, status, message) => {
    const answer = await call(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error?.message).toMatch(message)
  })
})

describe('findBudHardware', () => {
  it.each([
    ['NVIDIA A100-SXM4-80GB', 80, 'a100-sxm-80gb'],
    ['NVIDIA A100-PCIE-40GB', 40, undefined],
    ['NVIDIA H200', 141, 'h200-sxm'],
    ['NVIDIA L40S', 48, 'l40s'],
    ['NVIDIA GeForce RTX 4090', 24, 'rtx-4090'],
    ['AMD Instinct MI300X', 192, 'mi300x'],
    ['Something else', 16, null],
  ])('reads %s', (raw_name, memory, id) => {
    const found = findBudHardware({ type: 'cuda', raw_name, available_count: 1, mem_per_GPU_in_GB: memory })
    if (id === null) expect(found).toBeUndefined()
    else if (id === undefined) expect(found?.id).toMatch(/^a100-/)
    else expect(found?.id).toBe(id)
  })
})

describe('what Bud asks wrongly', () => {
  it('is named: a list for a function, a cluster and a node that are not there', async () => {
    // Callers without types pass the list.
    const list = [cluster] as unknown as () => Promise<readonly unknown[]>
    expect(() => createBudSimulator({ clusters: list })).toThrow(/clusters: is a list \(give a function/)
    const { body } = await call('POST', '/simulator/run', run)
    const other = await call('POST', '/simulator/configurations', { workflow_id: body['workflow_id'], cluster_id: 'nope' })
    expect([other.status, other.body.error?.message]).toEqual([400, expect.stringContaining("cluster called 'nope'")])
    const node = await call('POST', '/simulator/node-configurations', { ...run, node_ids: ['n9'] })
    expect([node.status, node.body.error?.message]).toEqual([400, expect.stringContaining("no node 'n9'")])
  })

  it('lists each split of chosen nodes once, with the replicas that they have room for', async () => {
    const { status, body } = await call('POST', '/simulator/node-configurations', { ...run, node_ids: ['n1'] })
    expect(status).toBe(200)
    // The answer is what the handler writes.
    const options = body['options'] as unknown as readonly Readonly<Record<string, unknown>>[]
    const keys = options.map(({ engine, tp_size, pp_size }) => [engine, tp_size, pp_size].join())
    expect(new Set(keys).size).toBe(keys.length)
    for (const { tp_size, max_replicas, total_devices } of options) {
      expect(max_replicas).toBe(2 / Number(tp_size))
      expect(total_devices).toBe(2)
    }
  })
})
