import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { coreErrors, type DeploymentPlan } from '@bud-foundry/core'
import { parseAllDocuments } from 'yaml'
import { clusterErrors, handleClusterPlan, planManifests, type Manifest } from '../../src/index.ts'
import { toByteQuantity, toQuantity } from '../../src/kubernetes/quantity.ts'
import { samplePlan } from './sample-plan.ts'

// Safe in a test: a wrong shape makes the assertion on it fail.
const specOf = (manifests: readonly Manifest[], kind: string) => manifests.find((manifest) => manifest.kind === kind)?.spec as never

interface PodSpec {
  readonly tolerations: readonly { key: string }[]
  readonly affinity?: unknown
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly containers: readonly {
    readonly args: readonly string[]
    readonly env: readonly { name: string; value?: string; valueFrom?: unknown }[]
    readonly resources: { requests: Record<string, string>; limits: Record<string, string> }
    readonly startupProbe?: { failureThreshold: number; periodSeconds: number }
  }[]
}
const podOf = (manifests: readonly Manifest[]): PodSpec =>
  (specOf(manifests, 'Deployment') as { template: { spec: PodSpec } }).template.spec

describe('planManifests', () => {
  test('renders the engine as the launch spec says', () => {
    const [engine] = podOf(planManifests(samplePlan()).manifests).containers
    expect(engine).toMatchObject({
      image: 'vllm/vllm-openai:v0.11.0',
      command: ['vllm', 'serve'],
      args: ['meta-llama/Llama-3.1-8B-Instruct', '--tensor-parallel-size', '2'],
    })
    expect(engine?.env).toContainEqual({ name: 'VLLM_LOGGING_LEVEL', value: 'WARNING' })
    expect(engine?.resources.requests).toEqual({ 'nvidia.com/gpu': '2', cpu: '8', memory: '64Gi' })
    expect(engine?.resources.limits).toEqual({ 'nvidia.com/gpu': '2', memory: '64Gi' })
  })

  test('waits for the weights at least as long as the plan allows', () => {
    const probe = podOf(planManifests(samplePlan()).manifests).containers[0]?.startupProbe
    expect((probe?.failureThreshold ?? 0) * (probe?.periodSeconds ?? 0)).toBeGreaterThanOrEqual(605)
  })

  test('never needs a surplus device to roll out', () => {
    for (const replicas of [1, 2, 7]) {
      const { strategy } = specOf(planManifests(samplePlan({ replicas })).manifests, 'Deployment') as {
        strategy: { type: string; rollingUpdate?: { maxSurge: number } }
      }
      expect(strategy.type === 'Recreate' || strategy.rollingUpdate?.maxSurge === 0).toBe(true)
    }
  })

  test('selects nodes by product where the product is known, and says so where it is not', () => {
    expect(JSON.stringify(podOf(planManifests(samplePlan()).manifests).affinity)).toContain('NVIDIA-H100-80GB-HBM3')
    const unknown = planManifests(samplePlan({ hardwareId: 'mystery' }))
    expect(podOf(unknown.manifests).affinity).toBeUndefined()
    expect(unknown.findings.map(({ field }) => field)).toContain('nodeSelector')
  })

  test('takes a node selector instead of the product', () => {
    const pod = podOf(planManifests(samplePlan(), { nodeSelector: { pool: 'gpu' } }).manifests)
    expect(pod.nodeSelector).toEqual({ pool: 'gpu' })
    expect(pod.affinity).toBeUndefined()
  })

  test('refers to the Hugging Face token and never contains one', () => {
    const { manifests } = planManifests(samplePlan(), { huggingFaceToken: { secretName: 'hf' } })
    expect(podOf(manifests).containers[0]?.env).toContainEqual({
      name: 'HF_TOKEN',
      valueFrom: { secretKeyRef: { name: 'hf', key: 'token' } },
    })
  })

  test.each([
    ['DB_PASS', 'canary', true],
    ['WANDB_KEY', 'canary', true],
    ['VLLM_API_KEY', 'canary', true],
    ['REDIS_URL', 'redis://:canary@r:6379', true],
    ['FOO', 'hf_canaryCanary1234', true],
    ['TOKENIZERS_PARALLELISM', 'false', false],
    ['MAX_NUM_BATCHED_TOKENS', '8192', false],
    ['HF_ENDPOINT', 'https://mirror.example.test', false],
  ])('knows a secret by its name or its shape: %s=%s', (name, value, isSecret) => {
    const { manifests, findings } = planManifests(samplePlan({ launch: { ...samplePlan().launch, env: { [name]: value } } }))
    expect(findings.some(({ severity }) => severity === 'blocker')).toBe(isSecret)
    expect(JSON.stringify(manifests).includes(value)).toBe(!isSecret)
  })

  test('has no disruption budget for a single replica, which would make its node undrainable', () => {
    const kinds = (plan: DeploymentPlan) => planManifests(plan).manifests.map(({ kind }) => kind)
    expect(kinds(samplePlan({ replicas: 1 }))).not.toContain('PodDisruptionBudget')
    expect(kinds(samplePlan({ replicas: 2 }))).toContain('PodDisruptionBudget')
  })

  test('spans nodes with a LeaderWorkerSet whose leaders alone are served', () => {
    const launch = { ...samplePlan().launch, multiNode: { leaderArgs: ['--lead'], workerArgs: ['--work'] } }
    const { manifests } = planManifests(samplePlan({ nodesPerReplica: 2, launch }))
    const { leaderWorkerTemplate } = specOf(manifests, 'LeaderWorkerSet') as {
      leaderWorkerTemplate: { size: number; leaderTemplate: { spec: PodSpec }; workerTemplate: { spec: PodSpec } }
    }
    expect(leaderWorkerTemplate.size).toBe(2)
    expect(leaderWorkerTemplate.leaderTemplate.spec.containers[0]?.args.at(-1)).toBe('--lead')
    expect(leaderWorkerTemplate.workerTemplate.spec.containers[0]?.args.at(-1)).toBe('--work')
    expect(specOf(manifests, 'Service')).toMatchObject({ selector: { 'leaderworkerset.sigs.k8s.io/worker-index': '0' } })
  })

  test('refuses to span nodes with an engine that knows no leaders', () => {
    expect(() => planManifests(samplePlan({ nodesPerReplica: 2, engine: { id: 'unknown', version: '1' } }))).toThrow(
      expect.toSatisfy(clusterErrors.PLAN_UNDEPLOYABLE.is),
    )
  })

  test('lists every problem of a bad plan at once', () => {
    const bad = { ...samplePlan(), name: 'Not A Label', replicas: 0 }
    expect(() => planManifests(bad)).toThrow(
      expect.toSatisfy((error: unknown) => coreErrors.CONFIG_INVALID.is(error) && error.details.issues.length === 2),
    )
  })

  test('puts our label on everything but the shared namespace, and the same objects into the YAML', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.boolean(), fc.boolean(), (replicas, ephemeral, serviceMonitor) => {
        const { manifests, yaml } = planManifests(samplePlan({ replicas }), {
          modelStorage: { kind: ephemeral ? 'ephemeral' : 'claim' },
          serviceMonitor,
        })
        for (const { kind, metadata } of manifests)
          expect(metadata.labels?.['foundry.bud.studio/deployment']).toBe(kind === 'Namespace' ? undefined : 'llama-chat')
        expect(parseAllDocuments(yaml).map((document): unknown => document.toJS())).toEqual(manifests)
      }),
      { numRuns: 50 },
    )
  })
})

describe('quantities', () => {
  test('never ask for less than was meant', () => {
    const units: Readonly<Record<string, number>> = { Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 }
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (bytes) => {
        const [, amount, unit] = /^(\d+)(Mi|Gi|Ti)$/.exec(toByteQuantity(bytes)) ?? []
        const back = Number(amount) * (units[unit ?? ''] ?? Number.NaN)
        expect(back).toBeGreaterThanOrEqual(bytes)
        expect(back).toBeLessThan(bytes + 1024 ** 2)
      }),
    )
  })

  test('are written as Kubernetes writes them', () => {
    expect([
      toQuantity('cpu', 0.5),
      toQuantity('cpu', 4),
      toQuantity('nvidia.com/gpu', 8),
      toQuantity('ephemeral-storage', 1024 ** 3),
    ]).toEqual(['500m', '4', '8', '1Gi'])
  })
})

describe('handleClusterPlan', () => {
  const post = (body: string) => handleClusterPlan(new Request('http://localhost/api/clusters/plan', { method: 'POST', body }))

  test('answers with manifests, YAML and findings', async () => {
    const response = await post(JSON.stringify({ plan: samplePlan(), namespace: 'team-a' }))
    expect(response.status).toBe(200)
    const body = (await response.json()) as { manifests: Manifest[]; yaml: string; findings: unknown[] }
    expect(body.manifests.at(-1)?.metadata.namespace).toBe('team-a')
    expect(body.yaml).toContain('kind: Deployment')
  })

  test.each([
    ['no JSON', '{', 'Expected property name'],
    ['no plan', '{}', '"path":"plan"'],
    ['an empty plan', '{"plan":{}}', 'schemaVersion'],
    ['a misspelt option', JSON.stringify({ plan: samplePlan(), namespase: 'x' }), 'namespase'],
  ])('answers 400 to %s and says where', async (_name, body, mention) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(mention)
  })
})
