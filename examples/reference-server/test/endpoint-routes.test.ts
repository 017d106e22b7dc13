/** Deployments become routes of a gateway by the events of their cluster, and vanish by them: both packages, with an engine twin behind. */
import { createClusterManager, followEndpoints, type DeployedEndpoint } from '@bud-foundry/cluster'
import { createFakeKubernetes } from '@bud-foundry/cluster/testing'
import { createMemoryStore, systemClock } from '@bud-foundry/core'
import { createGateway, type GatewayConfigInput } from '@bud-foundry/gateway'
import { optimize } from '@bud-foundry/sim'
import { createEngineTwin } from '@bud-foundry/sim/twin'
import { expect, test } from 'vitest'
import { addEndpoint } from '../src/clusters/endpoint-routes.ts'
import { readKubeconfig } from '../src/clusters/kubernetes-cluster.ts'

const never = new AbortController().signal
type Models = Record<string, GatewayConfigInput['models'][string]>

/** The name of a service is known inside its cluster only. */
function configOf(endpoints: readonly DeployedEndpoint[], url: string): GatewayConfigInput {
  const models: Models = {}
  for (const endpoint of endpoints) addEndpoint(models, { ...endpoint, url: `${url}/v1` })
  return { auth: { kind: 'none' }, models }
}

test('a gateway serves what was deployed for as long as it is there, and its adapters with it', { timeout: 30_000 }, async () => {
  const { plans } = await optimize({
    model: 'Qwen/Qwen3-8B',
    devices: [{ hardwareId: 'h100-sxm', count: 1 }],
    workload: { inputTokens: 512, outputTokens: 64, concurrency: 4 },
  })
  const [plan] = plans
  if (plan === undefined) throw new Error('there must be a plan')
  await using engine = createEngineTwin({ servedModelNames: [plan.model.servedName, 'legal'], timeScale: 0 })
  const { url } = await engine.listen({ port: 0 })
  await using gateway = createGateway(configOf([], url))
  const api = createFakeKubernetes()
  await using manager = createClusterManager({ api, store: createMemoryStore(), clusterName: 'lab', operator: 'test' })
  await using followed = followEndpoints({
    api,
    clock: systemClock,
    onChange: async (endpoints) => {
      await gateway.updateConfig(configOf(endpoints, url))
    },
    onError: (error) => {
      throw error
    },
  })
  const ask = async (model: string) => {
    const body = JSON.stringify({ model, max_tokens: 2, messages: [{ role: 'user', content: 'hi' }] })
    const answer = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body })
    await answer.text()
    return answer.status
  }
  const options = { modelSource: { kind: 'huggingFace' }, loraAdapters: [{ name: 'legal', repository: 'team/legal' }] } as const
  expect(await ask(plan.model.servedName)).toBe(404)
  for await (const _ of manager.apply(await manager.plan({ plan, options })));
  await followed.until((endpoints) => endpoints.length === 1, never)
  expect([await ask(plan.model.servedName), await ask('legal')]).toEqual([200, 200])
  for await (const _ of manager.destroy({ name: plan.name, namespace: 'bud-inference' }));
  await followed.until((endpoints) => endpoints.length === 0, never)
  expect([await ask(plan.model.servedName), await ask('legal')]).toEqual([404, 404])
})

test('two deployments of one model are two targets of one route', () => {
  const models: Models = {}
  const endpoint = { model: 'm', adapters: [], engine: 'vllm', namespace: 'a', url: 'http://x/v1' }
  addEndpoint(models, { ...endpoint, id: 'a/one', name: 'one' })
  addEndpoint(models, { ...endpoint, id: 'a/two', name: 'two' })
  expect(models['m']?.targets?.map((target) => (typeof target === 'string' ? target : target.id))).toEqual(['a/one/m', 'a/two/m'])
})

test('a kubeconfig that cannot be read is named', () => {
  expect(() => readKubeconfig({ BUD_KUBECONFIG: '/nowhere/kubeconfig' })).toThrow(/kubeconfig \/nowhere\/kubeconfig cannot be read/)
})
