import { coreErrors, createMemoryStore } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import {
  clusterErrors,
  endpointPrefix,
  followEndpoints,
  mirrorEndpoints,
  planManifests,
  watchEndpoints,
  type DeployedEndpoint,
  type KubernetesObject,
} from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { applyAll, collect, sampleManager } from '../support/sample-manager.ts'

const never = new AbortController().signal
const chat = { name: 'llama-chat', namespace: 'bud-inference' }
const slice = (ready: boolean): KubernetesObject & { endpoints: unknown } => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'llama-chat-1',
    namespace: chat.namespace,
    labels: { 'kubernetes.io/service-name': 'llama-chat', 'foundry.bud.studio/deployment': 'llama-chat' },
  },
  endpoints: [{ conditions: { ready } }],
})
const place = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', name: 'llama-chat-1', namespace: chat.namespace }

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function deployed() {
  const api = createFakeKubernetes()
  const { manager } = sampleManager({ api })
  await applyAll(manager, await manager.plan({ plan: samplePlan() }))
  const setReady = async (ready: boolean) => {
    const live = await api.read(place, never)
    if (live === undefined) await api.create(slice(ready), never)
    else await api.replace({ ...slice(ready), metadata: live.metadata }, never)
    await settle()
  }
  await setReady(false)
  return { api, manager, setReady, clock: createFakeClock() }
}

describe('followed endpoints', () => {
  const namesOf = (endpoints: readonly DeployedEndpoint[]) => endpoints.map(({ model, adapters }) => [model, ...adapters].join('+'))

  test('tell of every set that a gateway should route to, adapters included, and of when it does', async () => {
    const { manager, api } = sampleManager()
    const sets: string[] = []
    await using followed = followEndpoints({
      api,
      clock: createFakeClock(),
      onChange: (endpoints) => void sets.push(namesOf(endpoints).join()),
      onError: (error) => sets.push(String(error)),
    })
    const loraAdapters = [{ name: 'legal', repository: 'team/legal' }]
    await applyAll(manager, await manager.plan({ plan: samplePlan(), options: { loraAdapters } }))
    await followed.until((endpoints) => endpoints.length === 1, never)
    expect(namesOf(followed.current())).toEqual(['llama-3.1-8b+legal'])
    await collect(manager.destroy(chat))
    await followed.until((endpoints) => endpoints.length === 0, never)
    expect(sets).toEqual(['llama-3.1-8b+legal', ''])
    await expect(followed.until((endpoints) => endpoints.length === 9, AbortSignal.abort())).rejects.toSatisfy(coreErrors.ABORTED.is)
  })

  test('stay as they were while the cluster refuses, and are followed again', async () => {
    let forbidden = false
    const api = createFakeKubernetes({
      onRequest: (verb) => {
        if (forbidden && (verb === 'list' || verb === 'watch')) throw clusterErrors.KUBERNETES_FORBIDDEN({ what: verb, problem: 'no' })
      },
    })
    const { manager } = sampleManager({ api })
    await applyAll(manager, await manager.plan({ plan: samplePlan() }))
    const clock = createFakeClock()
    const errors: unknown[] = []
    let fails = true
    forbidden = true
    await using followed = followEndpoints({
      api,
      clock,
      onChange: () => {
        if (fails) throw new Error('the gateway refused')
      },
      onError: (error) => errors.push(error),
    })
    await settle()
    expect(errors.map(String)).toEqual([expect.stringContaining('Kubernetes does not allow this')])
    forbidden = false
    await clock.advance(30_000)
    await settle()
    expect(String(errors[1])).toContain('the gateway refused')
    expect(followed.current()).toHaveLength(1)
    fails = false
    await collect(manager.destroy(chat))
    await followed.until((endpoints) => endpoints.length === 0, never)
  })
})

describe('endpoints for a gateway', () => {
  test('appear when a pod takes requests, vanish with the last, and come back', async () => {
    const { api, clock, setReady, manager } = await deployed()
    const seen: string[] = []
    const ending = new AbortController()
    const watching = (async () => {
      for await (const { type, endpoint } of watchEndpoints({ api, clock }, ending.signal))
        seen.push(`${type} ${endpoint.model} ${endpoint.url}`)
    })().catch(() => undefined)
    await settle()
    expect(seen).toEqual([])
    await setReady(false)
    expect(seen).toEqual([])
    await setReady(true)
    expect(seen).toEqual(['appeared llama-3.1-8b http://llama-chat.bud-inference.svc/v1'])
    await setReady(false)
    await setReady(true)
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['appeared', 'vanished', 'appeared'])
    await api.remove(place, {}, never)
    await collect(manager.destroy(chat))
    await settle()
    expect(seen.at(-1)).toMatch(/^vanished/)
    ending.abort()
    await clock.advance(60_000)
    await watching
  })

  test('appear only when the engine has served a token, however ready its pod says it is', async () => {
    let loading = true
    const api = createFakeKubernetes({ answerPod: () => ({ status: loading ? 503 : 200, text: '{"choices":[{"text":"yes"}]}' }) })
    const clock = createFakeClock()
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'llama-chat-a', namespace: chat.namespace } }
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    await api.create(pod, never)
    const { manifests } = planManifests(samplePlan(), {})
    for (const manifest of manifests.filter(({ kind }) => kind === 'Service')) await api.apply(manifest, { fieldManager: 'them' }, never)
    const targetRef = { kind: 'Pod', name: 'llama-chat-a' }
    const ready = { ...slice(true), ports: [{ port: 8000 }], endpoints: [{ conditions: { ready: true }, targetRef }] }
    const live = await api.read(place, never)
    await api.replace({ ...ready, metadata: live?.metadata ?? ready.metadata }, never)
    const seen: string[] = []
    const ending = new AbortController()
    const watching = (async () => {
      for await (const { type } of watchEndpoints({ api, clock }, ending.signal)) seen.push(type)
    })().catch(() => undefined)
    await settle()
    await clock.advance(5_000)
    await settle()
    expect(seen).toEqual([])
    loading = false
    await clock.advance(1_000)
    await settle()
    expect(seen).toEqual(['appeared'])
    ending.abort()
    await clock.advance(60_000)
    await watching
  })

  test('are kept in a store, without those that vanished while nobody watched', async () => {
    const { api, clock, setReady } = await deployed()
    await setReady(true)
    const store = createMemoryStore()
    const stale = `${endpointPrefix('lab')}old/gone`
    await store.set(stale, new Uint8Array([1]))
    const told: string[] = []
    const subscription = store.subscribe(endpointPrefix('lab'), (change) => told.push(JSON.stringify(change)))
    const ending = new AbortController()
    const mirroring = mirrorEndpoints({ api, clock, store, clusterName: 'lab' }, ending.signal).catch(() => undefined)
    await settle()
    expect(await store.get(stale)).toBeUndefined()
    const key = `${endpointPrefix('lab')}bud-inference/llama-chat`
    expect(JSON.parse(new TextDecoder().decode(await store.get(key)))).toMatchObject({ model: 'llama-3.1-8b', engine: 'vllm' })
    await setReady(false)
    expect(await store.get(key)).toBeUndefined()
    expect(told.length).toBeGreaterThan(2)
    subscription[Symbol.dispose]()
    ending.abort()
    await clock.advance(60_000)
    await mirroring
  })
})
