import { createFakeClock } from '@bud-foundry/core/testing'
import { createMemoryStore } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clusterErrors, type DesiredDeployment } from '../../src/index.ts'
import { createFakeKubernetes, type FakeKubernetes } from '../../src/testing.ts'
import { readRollout } from '../../src/manage/rollout.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { applyAll, collect, sampleManager, snapshot } from '../support/sample-manager.ts'

const never = new AbortController().signal
const chat = { name: 'llama-chat', namespace: 'bud-inference' }
const desired = (overrides: Parameters<typeof samplePlan>[0] = {}): DesiredDeployment => ({ plan: samplePlan(overrides) })
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', ...chat }

/** The same cluster, with something that happens before each write of an object by apply. */
const slowed = (api: FakeKubernetes, before: (signal: AbortSignal) => Promise<void>): FakeKubernetes =>
  new Proxy(api, {
    get: (target, name): unknown => {
      if (name === 'apply') {
        return async (...[object, options, signal]: Parameters<FakeKubernetes['apply']>) => {
          if (options.dryRun !== true && object.kind !== 'Namespace') await before(signal)
          return target.apply(object, options, signal)
        }
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })

describe('plan', () => {
  test('shows what an empty cluster would get, with its price, and changes nothing', async () => {
    const { api, manager } = sampleManager()
    const before = snapshot(api)
    const changes = await manager.plan({ plan: samplePlan({ cost: { usdPerHour: 10, usdPerMillionOutputTokens: 1 } }) })
    expect(changes.changes.map(({ action, resource }) => `${action} ${resource}`)).toContain('create Deployment bud-inference/llama-chat')
    expect([changes.costUsdPerHour, changes.costUsdPerMonth, changes.costUsdPerHourDelta]).toEqual([10, 7300, 10])
    expect(changes.diff).toContain('+ Service bud-inference/llama-chat')
    expect(snapshot(api)).toEqual(before)
  })

  test('has nothing to do after it was applied, whatever the plan', async () => {
    const plans = fc.record({
      replicas: fc.integer({ min: 1, max: 5 }),
      ephemeral: fc.boolean(),
      serviceMonitor: fc.boolean(),
      nodeSelector: fc.option(fc.dictionary(fc.constantFrom('pool', 'zone'), fc.constantFrom('a', 'b')), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(plans, { minLength: 1, maxLength: 3 }), async (steps) => {
        const { manager } = sampleManager()
        for (const { replicas, ephemeral, serviceMonitor, nodeSelector } of steps) {
          const options = {
            modelStorage: { kind: ephemeral ? 'ephemeral' : 'claim' },
            serviceMonitor,
            ...(nodeSelector === undefined ? {} : { nodeSelector }),
          } as const
          // A claim for one node cannot become one for several.
          const wanted = { plan: samplePlan({ replicas: ephemeral ? replicas : replicas + 1 }), options }
          await applyAll(manager, await manager.plan(wanted))
          expect((await manager.plan(wanted)).diff).toBe('')
        }
      }),
      { numRuns: 15 },
    )
  }, 30_000)

  test('names the field that changes, and the price of a change of scale', async () => {
    const { manager } = sampleManager()
    const cost = { usdPerHour: 10, usdPerMillionOutputTokens: 1 }
    await applyAll(manager, await manager.plan(desired({ cost })))
    const changes = await manager.plan(desired({ replicas: 4, cost: { ...cost, usdPerHour: 20 } }))
    expect(changes.diff).toContain('~ Deployment bud-inference/llama-chat\n    spec.replicas: 2 -> 4')
    expect(changes.costUsdPerHourDelta).toBe(10)
  })

  test('removes what the new plan no longer has', async () => {
    const { api, manager } = sampleManager()
    await applyAll(manager, await manager.plan(desired()))
    const changes = await manager.plan({ ...desired({ replicas: 1 }), options: { modelStorage: { kind: 'ephemeral' } } })
    expect(changes.changes.filter(({ action }) => action === 'delete').map(({ resource }) => resource)).toEqual([
      'PodDisruptionBudget bud-inference/llama-chat',
      'PersistentVolumeClaim bud-inference/llama-chat-models',
    ])
    await applyAll(manager, changes)
    expect(api.objects().some(({ kind }) => kind === 'PersistentVolumeClaim')).toBe(false)
  })

  test('keeps a claim that is large enough, lets it grow, and says when it cannot be used', async () => {
    const { api, manager } = sampleManager()
    const model = (downloadBytes: number) => ({ ...samplePlan().model, downloadBytes })
    const sizeOf = async () => {
      const claim = await api.read({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...chat, name: 'llama-chat-models' }, never)
      return (claim?.spec as { resources: { requests: { storage: string } } }).resources.requests.storage
    }
    await applyAll(manager, await manager.plan(desired({ replicas: 1, model: model(8 * 2 ** 30) })))
    expect(await sizeOf()).toBe('10Gi')
    expect((await manager.plan(desired({ replicas: 1, model: model(2 ** 30) }))).diff).not.toContain('PersistentVolumeClaim')
    await applyAll(manager, await manager.plan(desired({ replicas: 1, model: model(16 * 2 ** 30) })))
    expect(await sizeOf()).toBe('20Gi')
    const { findings } = await manager.plan(desired({ replicas: 2 }))
    expect(findings.find(({ severity }) => severity === 'blocker')?.message).toBe(
      "PersistentVolumeClaim bud-inference/llama-chat-models is ReadWriteOnce, and the plan needs ReadWriteMany; a claim cannot be changed: destroy the deployment and apply it anew, or use modelStorage { kind: 'ephemeral' }",
    )
  })

  test('blocks what would touch an object of someone else, until it is adopted', async () => {
    const { api, manager } = sampleManager()
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    await api.create(
      { apiVersion: 'v1', kind: 'Service', metadata: chat, spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 'http' }] } },
      never,
    )
    const changes = await manager.plan(desired())
    expect(changes.findings.filter(({ severity }) => severity === 'blocker').map(({ message }) => message)).toEqual([
      'Service bud-inference/llama-chat exists and is not ours; choose another name or namespace, or adopt it',
    ])
    expect(() => manager.apply(changes)).toThrow(expect.toSatisfy(clusterErrors.CHANGES_BLOCKED.is))
    await applyAll(manager, await manager.adopt(desired()))
    expect((await manager.plan(desired())).diff).toBe('')
  })

  test('warns when there are not enough free devices, and only then', async () => {
    const warnings = async (count: string) => {
      const { api, manager } = sampleManager()
      const labels = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' }
      const status = { allocatable: { 'nvidia.com/gpu': count }, conditions: [{ type: 'Ready', status: 'True' }] }
      await api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels }, spec: {}, status }, never)
      return (await manager.plan(desired())).findings.filter(({ field }) => field === 'replicas').map(({ message }) => message)
    }
    expect(await warnings('4')).toEqual([])
    expect(await warnings('3')).toEqual(['the changes need 4 × h100-sxm, and 3 are free: pods will wait until there are more'])
  })

  test('blocks a kind that the cluster does not know', async () => {
    const { manager } = sampleManager({ absentGroups: ['monitoring.coreos.com/v1'] })
    const { findings } = await manager.plan({ ...desired(), options: { serviceMonitor: true } })
    expect(findings.find(({ severity }) => severity === 'blocker')?.message).toContain('does not know kind ServiceMonitor')
  })

  test('blocks a secret in plain text, and never shows it', async () => {
    const canary = 'hf_canary_5d1f'
    const launch = { ...samplePlan().launch, env: { HF_TOKEN: canary } }
    const { manager } = sampleManager()
    await applyAll(manager, await manager.plan(desired()))
    const { findings, diff } = await manager.plan(desired({ launch }))
    expect(findings.find(({ severity }) => severity === 'blocker')?.field).toBe('launch.env.HF_TOKEN')
    expect(diff).toContain('[secret]')
    expect(diff + JSON.stringify(findings)).not.toContain(canary)
  })
})

describe('apply', () => {
  test('tells every step once, in order, with how much is left', async () => {
    const { manager } = sampleManager()
    const events = await applyAll(manager, await manager.plan(desired()))
    const done = events.filter(({ state }) => state === 'done')
    expect([...new Set(done.map(({ step }) => step))]).toEqual([
      'verify_cluster_connection',
      'deploy_to_engine',
      'verify_deployment_status',
      'results',
    ])
    expect(done.map((event) => event.done)).toEqual(done.map((_, index) => index + 1))
    expect(done.at(-1)).toMatchObject({ done: done.length, total: done.length, etaSeconds: 0 })
  })

  test('is not done while the engine serves no token', async () => {
    let answers = 0
    const clock = createFakeClock()
    const answerPod = () => ((answers += 1) < 4 ? { status: 503, text: 'loading' } : { status: 200, text: '{"choices":[{}]}' })
    const { manager } = sampleManager({ answerPod, clock })
    const events = await clock.run(applyAll(manager, await manager.plan(desired())))
    expect(answers).toBe(4)
    expect(events.find(({ state }) => state === 'progress')?.message).toContain('status 503')
  })

  test('ends where an autoscaler has sent every replica to sleep, and takes that for no proof', async () => {
    const { api, manager } = sampleManager()
    const autoscaling = {
      target: 'keda',
      minReplicas: 0,
      maxReplicas: 2,
      prometheusUrl: 'http://p:9090',
      activationQuery: 'sum(x)',
    } as const
    const sleeping = (image: string): DesiredDeployment => ({
      ...desired({ launch: { ...samplePlan().launch, image } }),
      options: { autoscaling },
    })
    await applyAll(manager, await manager.plan(sleeping('vllm/vllm-openai:v1')))
    const live = await api.read(deployment, never)
    if (live === undefined) throw new Error('the deployment must exist')
    await api.replace({ ...live, spec: { ...(live.spec as object), replicas: 0 } }, never)
    await applyAll(manager, await manager.plan(sleeping('vllm/vllm-openai:v2')))
    expect((await manager.rollback(chat))?.diff).toContain('"vllm/vllm-openai:v2" -> "vllm/vllm-openai:v1"')
  })

  test('says what to do when the API server cannot reach the pods', async () => {
    let asked = 0
    const clock = createFakeClock()
    const refusal = { status: 503, text: '{"kind":"Status","message":"error trying to reach service: dial tcp: i/o timeout"}' }
    const answerPod = () => ((asked += 1) < 3 ? refusal : { status: 200, text: '{"choices":[{}]}' })
    const { manager } = sampleManager({ answerPod, clock })
    const events = await clock.run(applyAll(manager, await manager.plan(desired())))
    expect(events.find(({ state }) => state === 'progress')?.message).toContain(
      'name the addresses of the control plane in callers.addressRanges',
    )
  })

  test('asks an embedding engine for an embedding', async () => {
    const answerPod = ({ path }: { path: string }) =>
      path === '/v1/embeddings' ? { status: 200, text: '{"data":[{"embedding":[1]}]}' } : { status: 404, text: '' }
    const { manager } = sampleManager({ answerPod })
    expect((await applyAll(manager, await manager.plan(desired()))).at(-1)?.step).toBe('results')
  })

  test('asks a pod of the new generation, however well the old ones serve', async () => {
    const asked: string[] = []
    const { api, manager } = sampleManager({ answerPod: ({ name }) => (asked.push(name), { status: 200, text: '{"choices":[{}]}' }) })
    await applyAll(manager, await manager.plan(desired()))
    const launch = { ...samplePlan().launch, image: 'vllm/vllm-openai:v0.12.0' }
    await applyAll(manager, await manager.plan(desired({ launch })))
    const live = api
      .objects()
      .filter(({ kind }) => kind === 'Pod')
      .map(({ metadata }) => metadata.name)
    expect(live).toContain(asked.at(-1))
    expect(live).not.toContain(asked[0])
  })

  test('gives up with the reason when nothing ever serves, and goes back on request', async () => {
    let ready = true
    const clock = createFakeClock()
    const { manager } = sampleManager({ podsBecomeReady: () => ready, clock })
    await clock.run(applyAll(manager, await manager.plan(desired())))
    ready = false
    const broken = desired({ launch: { ...samplePlan().launch, image: 'vllm/vllm-openai:broken' } })
    const outcome = applyAll(manager, await manager.plan(broken)).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(await clock.run(outcome)).toSatisfy(clusterErrors.DEPLOYMENT_NOT_READY.is)
    ready = true
    const back = await manager.rollback(chat)
    expect(back?.diff).toContain('"vllm/vllm-openai:broken" -> "vllm/vllm-openai:v0.11.0"')
    if (back !== undefined) await clock.run(applyAll(manager, back))
    expect((await manager.plan(desired())).diff).toBe('')
  })

  test('applies again what vanished after it was applied', async () => {
    const { api, manager } = sampleManager()
    const first = await manager.plan(desired())
    await applyAll(manager, first)
    await collect(manager.destroy(chat))
    const second = await manager.plan(desired())
    expect(second.id).toBe(first.id)
    await applyAll(manager, second)
    expect(await api.read(deployment, never)).toBeDefined()
  })

  test('makes again what somebody removed after an attempt that failed', async () => {
    let ready = false
    const clock = createFakeClock()
    const { api, manager } = sampleManager({ podsBecomeReady: () => ready, clock })
    const first = await manager.plan(desired())
    const failed = applyAll(manager, first).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(await clock.run(failed)).toSatisfy(clusterErrors.DEPLOYMENT_NOT_READY.is)
    await api.remove({ apiVersion: 'v1', kind: 'Namespace', name: chat.namespace }, {}, never)
    ready = true
    const second = await manager.plan(desired())
    expect(second.id).toBe(first.id)
    await clock.run(applyAll(manager, second))
    expect((await manager.observe(chat)).status).toBe('ready')
  })

  test('shares no journal and no history between two clusters of one name', async () => {
    const staging = sampleManager()
    const api = createFakeKubernetes()
    await api.remove({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, {}, never)
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }, never)
    const production = sampleManager({ api, store: staging.store }).manager
    const changes = await staging.manager.plan(desired())
    for await (const { step } of staging.manager.apply(changes)) if (step === 'verify_deployment_status') break
    const other = await production.plan(desired())
    expect(other.id).not.toBe(changes.id)
    await applyAll(production, other)
    expect((await production.observe(chat)).status).toBe('ready')
    await applyAll(staging.manager, await staging.manager.plan(desired({ replicas: 3 })))
    expect(await production.rollback(chat)).toBeUndefined()
  })

  test('says what keeps pods from being made at all', async () => {
    const { api } = sampleManager()
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    const condition = { type: 'ReplicaFailure', status: 'True', message: 'no PriorityClass with name nope was found' }
    const groups = { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', metadata: chat, spec: { replicas: 1 } }
    await api.create({ ...groups, status: { conditions: [condition] } }, never)
    expect((await readRollout(api, chat, never))?.problem).toContain('pods are refused: no PriorityClass with name nope was found')
  })

  test('takes an old workload that is still going for nothing', async () => {
    const { api } = sampleManager()
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    const template = { metadata: { labels: { 'foundry.bud.studio/deployment': chat.name } }, spec: {} }
    const going = { ...chat, deletionTimestamp: '2026-01-01T00:00:00Z' }
    await api.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: going, spec: { replicas: 1, template } }, never)
    expect(await readRollout(api, chat, never)).toMatchObject({ servingPods: [], problem: 'its workload is being deleted' })
    const groups = { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', metadata: chat, spec: { replicas: 1 } }
    await api.create(groups, never)
    expect((await readRollout(api, chat, never))?.problem).toBe('0 of 1 replicas of the new generation are ready')
  })

  test('stops when its reader leaves, and continues when it is run again', async () => {
    const { manager } = sampleManager()
    const changes = await manager.plan(desired())
    for await (const { step } of manager.apply(changes)) if (step === 'deploy_to_engine') break
    await applyAll(manager, await manager.plan(desired()))
    expect((await manager.observe(chat)).status).toBe('ready')
  })

  test('is refused when the cluster has changed since the plan', async () => {
    const { manager } = sampleManager()
    const first = await manager.plan(desired())
    await applyAll(manager, await manager.plan(desired({ replicas: 3 })))
    await expect(applyAll(manager, first)).rejects.toThrow(/it was made since the changes were planned; plan again/)
    const update = await manager.plan(desired({ replicas: 4 }))
    const launch = { ...samplePlan().launch, image: 'vllm/vllm-openai:v0.12.0' }
    await applyAll(manager, await manager.plan(desired({ replicas: 3, launch })))
    await expect(applyAll(manager, update)).rejects.toThrow(/spec.template.spec.containers\[engine\].image was changed since/)
    expect((await manager.plan(desired({ replicas: 3, launch }))).diff).toBe('')
  })

  test('leaves an object alone that somebody made after the plan', async () => {
    const { api, manager } = sampleManager()
    const changes = await manager.plan(desired())
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    await api.create({ apiVersion: 'v1', kind: 'Service', metadata: chat, spec: {} }, never)
    await expect(applyAll(manager, changes)).rejects.toSatisfy(clusterErrors.KUBERNETES_CONFLICT.is)
    expect((await api.read({ apiVersion: 'v1', kind: 'Service', ...chat }, never))?.metadata.labels).toBeUndefined()
  })
})

describe('drift', () => {
  test('shows a field that somebody changed, which a plan refuses to overwrite and a repair takes back', async () => {
    const { api, manager } = sampleManager()
    await applyAll(manager, await manager.plan(desired()))
    const live = await api.read(deployment, never)
    if (live === undefined) throw new Error('the deployment must exist')
    await api.replace({ ...live, spec: { ...(live.spec as object), replicas: 7 } }, never)
    const planned = await manager.plan(desired())
    expect(planned.findings.find(({ severity }) => severity === 'blocker')?.message).toContain('spec.replicas')
    const drift = await manager.drift(desired())
    expect(drift.diff).toContain('spec.replicas: 7 -> 2')
    await applyAll(manager, drift)
    expect((await manager.drift(desired())).diff).toBe('')
  })
})

describe('what others have added', () => {
  const withHack = async () => {
    const lab = sampleManager()
    await applyAll(lab.manager, await lab.manager.plan(desired()))
    const hack = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: chat,
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'engine', env: [{ name: 'HF_ENDPOINT', value: 'https://elsewhere' }] },
              { name: 'sidecar', image: 'miner:1' },
            ],
          },
        },
      },
    }
    await lab.api.apply(hack, { fieldManager: 'kubectl-set' }, never)
    return lab
  }

  test('is told by a plan, shown by drift, and taken away by its repair', async () => {
    const { api, manager } = await withHack()
    const { diff, findings } = await manager.plan(desired())
    expect(diff).toBe('')
    expect(findings.filter(({ severity }) => severity === 'warning').map(({ message }) => message)).toContain(
      "Deployment bud-inference/llama-chat: 'kubectl-set' has added spec.template.spec.containers[engine].env[HF_ENDPOINT], which no plan of ours has; drift shows it, and its repair takes it away",
    )
    const drift = await manager.drift(desired())
    expect(drift.diff).toContain('env[HF_ENDPOINT]')
    expect(drift.diff).toContain('containers[sidecar]')
    await applyAll(manager, drift)
    expect(JSON.stringify(await api.read(deployment, never))).not.toMatch(/elsewhere|miner/)
    expect((await manager.drift(desired())).diff).toBe('')
  })

  test('is adopted with its own selector, and without its containers', async () => {
    const { api, manager } = sampleManager()
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    const template = { metadata: { labels: { app: 'chat' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1' }] } }
    const spec = { replicas: 1, selector: { matchLabels: { app: 'chat' } }, template }
    await api.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: chat, spec }, never)
    await applyAll(manager, await manager.adopt(desired()))
    const live = await api.read(deployment, never)
    expect(live?.spec).toMatchObject({
      selector: { matchLabels: { app: 'chat' } },
      template: { metadata: { labels: { app: 'chat', 'foundry.bud.studio/deployment': chat.name } } },
    })
    expect(JSON.stringify(live?.spec)).not.toContain('nginx')
    expect((await manager.plan(desired())).diff).toBe('')
  })

  test('cannot be adopted with a selector of expressions, and that is said', async () => {
    const { api, manager } = sampleManager()
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
    const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['chat'] }] }
    const template = { metadata: { labels: { app: 'chat' } }, spec: { containers: [] } }
    await api.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: chat, spec: { replicas: 0, selector, template } }, never)
    expect((await manager.adopt(desired())).findings.find(({ severity }) => severity === 'blocker')?.message).toContain(
      'choose another name',
    )
  })
})

describe('destroy', () => {
  test('leaves the cluster as it was before, and nothing in the store', async () => {
    const { api, manager, store } = sampleManager()
    const before = snapshot(api)
    await applyAll(manager, await manager.plan(desired()))
    await collect(manager.destroy(chat))
    expect(snapshot(api)).toEqual(before)
    expect(await manager.leftovers(chat)).toEqual([])
    const keys: string[] = []
    for await (const key of store.list('')) keys.push(key)
    expect(keys).toEqual([])
  })

  test('keeps a namespace that is not ours, or in which someone else lives', async () => {
    for (const foreign of [true, false]) {
      const { api, manager } = sampleManager()
      if (foreign) await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: chat.namespace } }, never)
      await applyAll(manager, await manager.plan(desired()))
      if (!foreign)
        await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: chat.namespace } }, never)
      const theirs = await api.create(
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'their-app', namespace: chat.namespace },
          spec: { replicas: 0, template: {} },
        },
        never,
      )
      await collect(manager.destroy(chat))
      const kept = api.objects().filter(({ metadata }) => metadata.namespace === chat.namespace || metadata.name === chat.namespace)
      expect(kept.map(({ kind }) => kind)).toContain('Namespace')
      expect(kept.find(({ metadata }) => metadata.name === theirs.metadata.name)?.metadata.uid).toBe(theirs.metadata.uid)
    }
  })

  test.each([
    ['a job of a clock', { apiVersion: 'batch/v1', kind: 'CronJob' }],
    ['an entry', { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }],
    ['a quota', { apiVersion: 'v1', kind: 'ResourceQuota' }],
    ['a custom resource', { apiVersion: 'example.test/v1', kind: 'Widget' }],
  ])('keeps a namespace for %s of someone else', async (_, type) => {
    const { api, manager } = sampleManager()
    const versions = [{ name: 'v1', served: true, storage: true }]
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.test' },
      spec: { group: 'example.test', scope: 'Namespaced', names: { kind: 'Widget', plural: 'widgets' }, versions },
    }
    await api.create(definition, never)
    await applyAll(manager, await manager.plan(desired()))
    const theirs = await api.create({ ...type, metadata: { name: 'theirs', namespace: chat.namespace }, spec: {} }, never)
    await collect(manager.destroy(chat))
    expect(api.objects().find(({ kind }) => kind === type.kind)?.metadata.uid).toBe(theirs.metadata.uid)
    expect(await manager.leftovers(chat)).toEqual([])
  })

  test('takes what OpenShift puts into every namespace for no inhabitants', async () => {
    const { api, manager } = sampleManager()
    const before = snapshot(api)
    await applyAll(manager, await manager.plan(desired()))
    const place = (name: string) => ({ name, namespace: chat.namespace })
    await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: place('openshift-service-ca.crt') }, never)
    await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: place('builder') }, never)
    await api.create({ apiVersion: 'v1', kind: 'Secret', metadata: place('builder-dockercfg-x7k2p') }, never)
    await collect(manager.destroy(chat))
    expect(snapshot(api)).toEqual(before)
  })

  test('is harmless where nothing is', async () => {
    const { api, manager } = sampleManager()
    const before = snapshot(api)
    await collect(manager.destroy(chat))
    expect(snapshot(api)).toEqual(before)
  })
})

describe('an autoscaler', () => {
  test('takes over the number of replicas that there is, and starts a new deployment within its bounds', async () => {
    const autoscaling = { target: 'keda', minReplicas: 2, maxReplicas: 8, prometheusUrl: 'http://p:9090' } as const
    const replicasOf = async (api: FakeKubernetes) => ((await api.read(deployment, never))?.spec as { replicas: number }).replicas
    const { api, manager } = sampleManager()
    await applyAll(manager, await manager.plan(desired({ replicas: 4 })))
    const scaled = { ...desired({ replicas: 4 }), options: { autoscaling } }
    const changes = await manager.plan(scaled)
    expect(changes.diff).not.toContain('spec.replicas')
    await applyAll(manager, changes)
    expect(await replicasOf(api)).toBe(4)
    expect((await manager.plan(scaled)).diff).toBe('')
    const live = await api.read(deployment, never)
    if (live === undefined) throw new Error('the deployment must exist')
    await api.replace({ ...live, spec: { ...(live.spec as object), replicas: 7 } }, never)
    expect((await manager.plan(scaled)).diff).toBe('')
    const fresh = sampleManager()
    await applyAll(fresh.manager, await fresh.manager.plan({ ...desired({ replicas: 1 }), options: { autoscaling } }))
    expect(await replicasOf(fresh.api)).toBe(2)
  })
})

describe('two operators', () => {
  test('of one name in one process never change one deployment at once either', async () => {
    const clock = createFakeClock()
    const { api, manager } = sampleManager({ podsBecomeReady: () => false, clock })
    for await (const { step } of manager.apply(await manager.plan(desired()))) {
      if (step !== 'verify_deployment_status') continue
      await expect(collect(manager.destroy(chat))).rejects.toThrow(/is being changed by 'another operation of operator-a'/)
      break
    }
    expect(await api.read(deployment, never)).toBeDefined()
    await collect(manager.destroy(chat))
    expect(await manager.leftovers(chat)).toEqual([])
  })

  test('the one whose lease was taken writes nothing more', async () => {
    const clock = createFakeClock()
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: `bud-foundry-${chat.name}`, namespace: chat.namespace }
    let stalls = 0
    const writes: string[] = []
    const inner = createFakeKubernetes({ onRequest: (verb, resource) => verb === 'apply' && writes.push(resource) })
    const api = slowed(inner, async (signal) => {
      // The first write of an object takes so long that the lease has to be renewed meanwhile; somebody else took it.
      if ((stalls += 1) > 1) return
      const live = await inner.read(lease, signal)
      if (live === undefined) throw new Error('there must be a lease')
      await inner.replace({ ...live, spec: { holderIdentity: 'operator-b', leaseDurationSeconds: 30 } }, signal)
      await clock.sleep(15_000, signal)
    })
    const { manager } = sampleManager({ api, clock })
    const failed = applyAll(manager, await manager.plan(desired())).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(await clock.run(failed)).toSatisfy(clusterErrors.OPERATOR_LEASE_LOST.is)
    expect(writes.filter((resource) => !resource.startsWith('Namespace'))).toEqual([])
  })

  test('never change one deployment at once: the second is told who holds it', async () => {
    const clock = createFakeClock()
    const api = createFakeKubernetes({ podsBecomeReady: () => false })
    const first = sampleManager({ api, operator: 'operator-a', clock })
    const second = sampleManager({ api, operator: 'operator-b', clock })
    const changes = await second.manager.plan(desired())
    for await (const { step } of first.manager.apply(await first.manager.plan(desired()))) {
      if (step !== 'verify_deployment_status') continue
      await expect(applyAll(second.manager, changes)).rejects.toSatisfy(
        (error) => clusterErrors.OPERATOR_BUSY.is(error) && error.message.includes("'operator-a'"),
      )
      break
    }
    expect(api.objects().some(({ kind }) => kind === 'Lease')).toBe(false)
  })
})

describe('crash', () => {
  class Crash extends Error {}

  /** Fails every request from the n-th on, as a killed process makes none: also the release of the lease. */
  const crashAt = (limit: number, state: { count: number; dead: boolean }) => () => {
    state.count += 1
    state.dead ||= state.count >= limit
    if (state.dead) throw new Crash()
  }

  const runUntilCrash = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return false
    } catch (error) {
      if (error instanceof Crash) return true
      throw error
    }
  }

  test('anywhere in apply, then run again: the same end state', async () => {
    const healthy = sampleManager()
    await applyAll(healthy.manager, await healthy.manager.plan(desired()))
    const expected = snapshot(healthy.api)
    let crashes = 0
    for (let limit = 1; ; limit += 1) {
      const state = { count: 0, dead: false }
      const api = createFakeKubernetes({ onRequest: crashAt(limit, state) })
      const store = createMemoryStore()
      const { manager } = sampleManager({ api, store })
      const crashed = await runUntilCrash(async () => applyAll(manager, await manager.plan(desired())))
      Object.assign(state, { count: Number.NEGATIVE_INFINITY, dead: false })
      const next = sampleManager({ api, store })
      await applyAll(next.manager, await next.manager.plan(desired()))
      expect(snapshot(api), `after a crash at request ${String(limit)}`).toEqual(expected)
      if (!crashed) break
      crashes += 1
    }
    expect(crashes).toBeGreaterThan(20)
  }, 60_000)

  test('anywhere in destroy, then run again: nothing is left', async () => {
    let crashes = 0
    for (let limit = 1; ; limit += 1) {
      const state = { count: Number.NEGATIVE_INFINITY, dead: false }
      const api = createFakeKubernetes({ onRequest: crashAt(limit, state) })
      const before = snapshot(api)
      const store = createMemoryStore()
      const { manager } = sampleManager({ api, store })
      await applyAll(manager, await manager.plan(desired()))
      state.count = 0
      const crashed = await runUntilCrash(() => collect(manager.destroy(chat)))
      Object.assign(state, { count: Number.NEGATIVE_INFINITY, dead: false })
      await collect(sampleManager({ api, store }).manager.destroy(chat))
      expect(snapshot(api), `after a crash at request ${String(limit)}`).toEqual(before)
      if (!crashed) break
      crashes += 1
    }
    expect(crashes).toBeGreaterThan(20)
  }, 60_000)
})
