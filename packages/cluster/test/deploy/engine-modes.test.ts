import { describe, expect, test } from 'vitest'
import { clusterErrors, launchServedModel, planManifests, type Manifest, type RenderOptionsInput } from '../../src/index.ts'
import { engineIds, enginePlan } from './engine-plans.ts'

interface PodSpec {
  readonly containers: readonly {
    readonly command?: readonly string[]
    readonly args: readonly string[]
    readonly env: readonly { name: string; value?: string }[]
    readonly resources: { limits: Record<string, string> }
    readonly image: string
    readonly startupProbe?: { readonly failureThreshold: number }
  }[]
  readonly schedulerName?: string
  readonly serviceAccountName?: string
}
// Safe: the manifests below are workloads of our own rendering.
const podOf = (manifest: Manifest | undefined) =>
  (manifest?.spec as { template: { spec: PodSpec; metadata: { labels: Record<string, string> } } }).template.spec
const engineOf = (manifest: Manifest | undefined) => podOf(manifest).containers[0]
const find = (manifests: readonly Manifest[], kind: string, name?: string) =>
  manifests.find((manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name))
const render = (plan: Parameters<typeof planManifests>[0], options: RenderOptionsInput = {}) => planManifests(plan, options).manifests
const hub = { modelSource: { kind: 'huggingFace' } } as const

describe('a model in a folder', () => {
  test.each(engineIds)('%s reads the folder that the job fills, and stays off the Internet', (id) => {
    const plan = enginePlan(id)
    const engine = engineOf(find(render(plan, hub), 'Deployment'))
    expect(engine?.args.join(' ')).toContain('/models/current')
    expect(engine?.env).toContainEqual({ name: 'HF_HUB_OFFLINE', value: '1' })
    const byItself = engineOf(find(render(plan), 'Deployment'))
    expect(byItself?.args.join(' ')).not.toContain('/models/current')
  })

  test('keeps the served name that equals the model', () => {
    const engine = engineOf(find(render(enginePlan('vllm'), hub), 'Deployment'))
    expect(engine?.args.slice(0, 3)).toEqual(['/models/current', '--served-model-name', 'Qwen/Qwen3-8B'])
  })

  test('may be in a claim that exists, and is then neither claimed nor downloaded', () => {
    const manifests = render(enginePlan('vllm'), { modelStorage: { kind: 'existingClaim', claimName: 'weights', path: 'qwen' } })
    expect(engineOf(find(manifests, 'Deployment'))?.args[0]).toBe('/models/qwen')
    expect(manifests.map(({ kind }) => kind)).not.toContain('PersistentVolumeClaim')
  })

  test('of another revision is another job', () => {
    const name = (revision: string) =>
      find(render(enginePlan('vllm'), { modelSource: { kind: 'huggingFace', revision } }), 'Job')?.metadata.name
    expect(name('a')).not.toBe(name('b'))
    expect(name('a')).toBe(name('a'))
  })

  test('cannot be put on a disk that goes with the pod', () => {
    expect(() => render(enginePlan('vllm'), { ...hub, modelStorage: { kind: 'ephemeral' } })).toThrow(
      expect.toSatisfy(clusterErrors.PLAN_UNDEPLOYABLE.is),
    )
  })
})

describe('startup', () => {
  test('waits for the bytes that the engine downloads itself, and not for those that a job has brought', () => {
    const plan = enginePlan('vllm')
    const threshold = (options: RenderOptionsInput) => engineOf(find(render(plan, options), 'Deployment'))?.startupProbe?.failureThreshold
    // 605 s of the engine and 16.4 GB at 100 MB/s, looked at every 10 s.
    expect(threshold({})).toBe(77)
    expect(threshold({ weightsBytesPerSecondMin: 1_000_000_000 })).toBe(63)
    expect(threshold(hub)).toBe(61)
  })
})

describe('one replica over nodes', () => {
  test('starts Ray on the leader and joins it on the workers with vLLM', () => {
    const set = find(render(enginePlan('vllm', { nodesPerReplica: 2 })), 'LeaderWorkerSet')
    // Safe: a LeaderWorkerSet of our own rendering.
    const { leaderTemplate, workerTemplate } = (set?.spec as { leaderWorkerTemplate: Record<string, { spec: PodSpec }> })
      .leaderWorkerTemplate
    expect(leaderTemplate?.spec.containers[0]?.command?.join(' ')).toContain('ray start --head')
    expect(leaderTemplate?.spec.containers[0]?.args).toContain('--distributed-executor-backend')
    expect(workerTemplate?.spec.containers[0]?.command?.join(' ')).toContain('$LWS_LEADER_ADDRESS:6379')
    expect(workerTemplate?.spec.containers[0]?.args).toEqual([])
  })

  test('is refused for engines that cannot, and for MPI without keys', () => {
    expect(() => render(enginePlan('tgi', { nodesPerReplica: 2 }))).toThrow(/'tgi' cannot span nodes/)
    expect(() => render(enginePlan('tensorrt-llm', { nodesPerReplica: 2 }))).toThrow(/sshKey/)
  })
})

describe('prefill and decode apart', () => {
  const disaggregation = { prefillReplicas: 1, decodeReplicas: 3 }

  test('gives three workloads, and only the router takes requests', () => {
    const manifests = render(enginePlan('sglang'), { disaggregation })
    expect(manifests.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name)).toEqual([
      'llama-chat-prefill',
      'llama-chat-decode',
      'llama-chat',
    ])
    expect(find(manifests, 'Service', 'llama-chat')?.spec).toMatchObject({ selector: { 'foundry.bud.studio/role': 'router' } })
    const router = engineOf(find(manifests, 'Deployment', 'llama-chat'))
    expect(router?.args).toContain('http://llama-chat-decode.bud-inference:80')
    expect(router?.resources.limits).not.toHaveProperty('nvidia.com/gpu')
  })

  test('writes the servers into the file that TensorRT-LLM reads', () => {
    const router = engineOf(find(render(enginePlan('tensorrt-llm'), { disaggregation }), 'Deployment', 'llama-chat'))
    expect(router?.command?.join(' ')).toContain('urls: ["llama-chat-prefill.bud-inference:80"]')
  })

  test('knows the address of its pod before it is used', () => {
    const manifests = render(enginePlan('vllm'), { disaggregation: { ...disaggregation, routerImage: 'r:1' } })
    const names = engineOf(find(manifests, 'Deployment', 'llama-chat-prefill'))?.env.map(({ name }) => name) ?? []
    expect(names.indexOf('POD_IP')).toBe(0)
    expect(names).toContain('VLLM_NIXL_SIDE_CHANNEL_HOST')
  })

  test('is refused where an engine cannot, or the router has no image', () => {
    expect(() => render(enginePlan('llama-cpp'), { disaggregation })).toThrow(/cannot serve prefill and decode apart/)
    expect(() => render(enginePlan('vllm'), { disaggregation })).toThrow(/disaggregation.routerImage/)
    expect(() => render(enginePlan('sglang', { nodesPerReplica: 2 }), { disaggregation })).toThrow(/must fit on one node/)
  })
})

describe('adapters', () => {
  const loraAdapters = [{ name: 'legal', repository: 'team/legal' }]

  test('come from the repository, or from the folder that the job fills', () => {
    const args = (options: RenderOptionsInput) => engineOf(find(render(enginePlan('vllm'), options), 'Deployment'))?.args
    expect(args({ loraAdapters })?.slice(-2)).toEqual(['--lora-modules', 'legal=team/legal'])
    expect(args({ loraAdapters, ...hub })?.slice(-2)).toEqual(['--lora-modules', 'legal=/models/adapters/legal'])
  })

  test('are refused by engines without', () => {
    expect(() => render(enginePlan('tei'), { loraAdapters })).toThrow(/takes no LoRA adapters/)
  })
})

describe('parts of devices', () => {
  const limits = (options: RenderOptionsInput) => engineOf(find(render(enginePlan('vllm'), options), 'Deployment'))?.resources.limits

  test('ask for what their plugin offers', () => {
    expect(limits({ deviceSharing: { kind: 'mig', profile: '1g.10gb' } })).toMatchObject({ 'nvidia.com/mig-1g.10gb': '2' })
    expect(limits({ deviceSharing: { kind: 'timeSlicing' } })).toMatchObject({ 'nvidia.com/gpu.shared': '2' })
    expect(limits({ deviceSharing: { kind: 'hami', memoryMiB: 8000 } })).toMatchObject({
      'nvidia.com/gpu': '2',
      'nvidia.com/gpumem': '8000',
    })
    expect(limits({ deviceSharing: { kind: 'mig', profile: '1g.10gb' } })).not.toHaveProperty('nvidia.com/gpu')
  })

  test("go through HAMi's scheduler", () => {
    const manifests = render(enginePlan('vllm'), { deviceSharing: { kind: 'hami', memoryMiB: 8000 } })
    expect(podOf(find(manifests, 'Deployment')).schedulerName).toBe('hami-scheduler')
  })

  test('are refused on other devices', () => {
    expect(() => render(enginePlan('tei'), { deviceSharing: { kind: 'hami', memoryMiB: 1 } })).toThrow(
      /deviceSharing divides nvidia.com\/gpu/,
    )
  })
})

describe('a cluster without the Internet', () => {
  test('pulls every image from the mirror, whatever registry it came from', () => {
    const images = (['vllm', 'tensorrt-llm', 'llama-cpp'] as const).flatMap((id) =>
      render(enginePlan(id), { ...hub, imageRegistry: 'registry.local:5000/m' })
        .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
        .map((manifest) => engineOf(manifest)?.image),
    )
    expect(new Set(images)).toEqual(
      new Set([
        'registry.local:5000/m/vllm/vllm-openai:v0.11.0',
        'registry.local:5000/m/library/node:24-slim',
        'registry.local:5000/m/nvidia/tensorrt-llm/release:1.0.0',
        'registry.local:5000/m/ggml-org/llama.cpp:server-cuda-b10731',
      ]),
    )
  })
})

describe('the network policy', () => {
  const peers = (options: Parameters<typeof render>[1]) =>
    JSON.stringify((find(render(enginePlan('vllm'), options), 'NetworkPolicy')?.spec as { ingress: { from: unknown }[] }).ingress[0]?.from)
  const keda = { target: 'keda', maxReplicas: 2, prometheusUrl: 'http://p:9090' } as const

  test('lets those in who read the metrics, where metrics are read', () => {
    expect(peers({})).not.toContain('prometheus')
    for (const options of [{ serviceMonitor: true }, { autoscaling: keda }])
      expect(peers(options)).toContain('"app.kubernetes.io/name":"prometheus"')
    expect(peers({ autoscaling: { target: 'bud', maxReplicas: 2 } })).toContain('scaler-system')
    expect(peers({ serviceMonitor: true, scrapers: [{ podLabels: { app: 'agent' } }] })).toContain('"app":"agent"')
    expect(peers({ serviceMonitor: true, scrapers: [] })).not.toContain('prometheus')
  })

  test('lets the control plane in by its addresses', () => {
    const callers = { podLabels: { app: 'gateway' }, addressRanges: ['10.0.0.0/28', 'fd00::/64'] }
    expect(peers({ callers })).toContain('{"ipBlock":{"cidr":"10.0.0.0/28"}},{"ipBlock":{"cidr":"fd00::/64"}}')
    expect(() => peers({ callers: { ...callers, addressRanges: ['10.0.0.1'] } })).toThrow(/addressRanges/)
  })
})

describe('OpenShift', () => {
  test('binds an account of its own to the constraint, and serves at a route', () => {
    const manifests = render(enginePlan('vllm'), { openshift: { routeHost: 'chat.apps.lab.example' } })
    expect(find(manifests, 'RoleBinding')?.['roleRef']).toMatchObject({ name: 'system:openshift:scc:nonroot-v2' })
    expect(podOf(find(manifests, 'Deployment')).serviceAccountName).toBe('llama-chat')
    expect(find(manifests, 'Route')?.spec).toMatchObject({ host: 'chat.apps.lab.example', to: { name: 'llama-chat' } })
  })
})

describe('an autoscaler', () => {
  const keda = { target: 'keda', maxReplicas: 4, prometheusUrl: 'http://prometheus:9090' } as const

  test('has the number of replicas to itself', () => {
    const manifests = render(enginePlan('vllm'), { autoscaling: keda })
    expect(find(manifests, 'Deployment')?.spec).not.toHaveProperty('replicas')
    expect(find(manifests, 'ScaledObject')?.spec).toMatchObject({ scaleTargetRef: { kind: 'Deployment', name: 'llama-chat' } })
  })

  test('scales decode when prefill is apart, and the whole set when a replica spans nodes', () => {
    const split = render(enginePlan('sglang'), { autoscaling: keda, disaggregation: { prefillReplicas: 1, decodeReplicas: 1 } })
    expect(find(split, 'ScaledObject')?.spec).toMatchObject({ scaleTargetRef: { name: 'llama-chat-decode' } })
    const wide = render(enginePlan('vllm', { nodesPerReplica: 2 }), { autoscaling: keda })
    expect(find(wide, 'ScaledObject')?.spec).toMatchObject({ scaleTargetRef: { kind: 'LeaderWorkerSet' } })
  })

  test('counts the pods of its own workload, and not of one with a longer name', () => {
    const patternOf = (plan: ReturnType<typeof enginePlan>) => {
      const { triggers } = find(render(plan, { autoscaling: keda }), 'ScaledObject')?.spec as {
        triggers: { metadata: { query: string } }[]
      }
      return new RegExp(`^${/pod=~"([^"]+)"/.exec(triggers[0]?.metadata.query ?? '')?.[1] ?? ''}$`)
    }
    const pods = [
      'llama-chat-5d4f8c7b6d-x7k2p',
      'llama-chat-large-5d4f8c7b6d-x7k2p',
      'llama-chat-decode-6b-x7k2p',
      'llama-chat-0',
      'llama-chat-0-1',
    ]
    expect(pods.filter((pod) => patternOf(enginePlan('vllm')).test(pod))).toEqual(['llama-chat-5d4f8c7b6d-x7k2p'])
    expect(pods.filter((pod) => patternOf(enginePlan('vllm', { nodesPerReplica: 2 })).test(pod))).toEqual(['llama-chat-0'])
  })

  test('that may go to zero leaves a new deployment the time to start', () => {
    const manifests = render(enginePlan('vllm'), { autoscaling: { ...keda, minReplicas: 0, activationQuery: 'sum(waiting)' } })
    expect(find(manifests, 'ScaledObject')?.spec).toMatchObject({ minReplicaCount: 0, initialCooldownPeriod: expect.any(Number) as number })
    expect(find(render(enginePlan('vllm'), { autoscaling: keda }), 'ScaledObject')?.spec).not.toHaveProperty('initialCooldownPeriod')
  })

  test('is not sent to zero where nothing would wake it, and bounds must fit', () => {
    expect(() => render(enginePlan('vllm'), { autoscaling: { ...keda, minReplicas: 0 } })).toThrow(/activationQuery/)
    expect(() => render(enginePlan('vllm'), { autoscaling: { ...keda, minReplicas: 5 } })).toThrow(/minReplicas must be at most/)
  })
})

describe('launchServedModel', () => {
  test('has an image for each kind of device', () => {
    const model = { id: 'a/b', servedName: 'b', downloadBytes: 1e9 }
    const image = (resource?: 'nvidia.com/gpu' | 'amd.com/gpu' | 'habana.ai/gaudi') =>
      launchServedModel({ engine: 'tgi', model, ...(resource === undefined ? {} : { devices: { resource, count: 1 } }) }).image
    expect(new Set([image(), image('nvidia.com/gpu'), image('amd.com/gpu'), image('habana.ai/gaudi')]).size).toBe(4)
  })
})
