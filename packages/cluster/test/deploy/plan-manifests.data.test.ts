/** Every manifest that we render is valid, strictly, under every Kubernetes version whose schema is at hand, and by the published definitions of custom resources. */
import { describe, expect, test } from 'vitest'
import { benchmarkJob, imageBuildJob, planManifests, quantizationJob, type Manifest, type RenderOptionsInput } from '../../src/index.ts'
import { adapterEngines, engineIds, enginePlan, multiNodeEngines, splitEngines } from './engine-plans.ts'
import { createValidator, customResourceValidator, kubernetesVersions } from './schema-validator.ts'
import { samplePlan } from './sample-plan.ts'

const everything: RenderOptionsInput = {
  namespace: 'team-a',
  modelStorage: { kind: 'claim', storageClassName: 'fast' },
  huggingFaceToken: { secretName: 'hf' },
  imagePullSecretNames: ['registry'],
  imageRegistry: 'registry.local:5000/mirror',
  priorityClassName: 'inference',
  runtimeClassName: 'nvidia',
  nodeSelector: { pool: 'gpu' },
  callers: { namespaceLabels: { team: 'edge' }, podLabels: { app: 'gateway' } },
  serviceMonitor: true,
  openshift: { routeHost: 'chat.apps.lab.example' },
}
const schedules = [{ name: 'office', weekdays: [1, 2, 3, 4, 5], from: '07:30', minutes: 600, replicas: 4 }]
const autoscalers = {
  hpa: { target: 'hpa', maxReplicas: 8, signals: [{ metric: 'kvUsage', target: 0.8 }] },
  keda: {
    target: 'keda',
    minReplicas: 0,
    maxReplicas: 8,
    prometheusUrl: 'http://prometheus.monitoring:9090',
    activationQuery: 'sum(bud_requests_waiting)',
    schedules,
  },
  bud: { target: 'bud', maxReplicas: 8, schedules, prediction: {}, usdPerHourMax: 12.5 },
} as const satisfies Readonly<Record<string, RenderOptionsInput['autoscaling']>>
const hub: RenderOptionsInput = { modelSource: { kind: 'huggingFace', revision: 'abc' }, huggingFaceToken: { secretName: 'hf' } }
const bucket: RenderOptionsInput = {
  modelSource: { kind: 'objectStore', endpoint: 'https://minio.models:9000', bucket: 'weights', prefix: 'qwen', secretName: 'minio' },
}
const adapters = [{ name: 'legal', repository: 'team/legal-lora' }]
const quantization = { name: 'small', claimName: 'weights', from: 'qwen', to: 'qwen-w4', scheme: 'W4A16' } as const
const build = {
  name: 'engine-image',
  source: { kind: 'dockerfile', text: 'FROM scratch' },
  destination: 'registry.local:5000/team/engine:1',
  pushSecretName: 'push',
} as const
const git = { kind: 'git', repository: 'https://git.example.test/engine.git', revision: 'main' } as const
const overNodes = { nodesPerReplica: 2 } as const

const cases: readonly [string, () => readonly Manifest[]][] = [
  ['two replicas with defaults', () => planManifests(samplePlan()).manifests],
  ['one replica on its own disk', () => planManifests(samplePlan({ replicas: 1 }), { modelStorage: { kind: 'ephemeral' } }).manifests],
  ['every option set', () => planManifests(samplePlan(), everything).manifests],
  ...engineIds.flatMap((id): [string, () => readonly Manifest[]][] => [
    [`${id} on one node`, () => planManifests(enginePlan(id), everything).manifests],
    [`${id} with a download from the hub`, () => planManifests(enginePlan(id), { ...everything, ...hub }).manifests],
    [`${id} with a download from an object store`, () => planManifests(enginePlan(id), bucket).manifests],
    ...Object.entries(autoscalers).map(([name, autoscaling]): [string, () => readonly Manifest[]] => [
      `${id} scaled by ${name}`,
      () => planManifests(enginePlan(id), { autoscaling }).manifests,
    ]),
  ]),
  ...multiNodeEngines.map((id): [string, () => readonly Manifest[]] => [
    `${id} over two nodes`,
    () => planManifests(enginePlan(id, overNodes), { ...everything, sshKey: { secretName: 'ssh' } }).manifests,
  ]),
  ...splitEngines.map((id): [string, () => readonly Manifest[]] => [
    `${id} with prefill and decode apart`,
    () =>
      planManifests(enginePlan(id), {
        ...everything,
        disaggregation: { prefillReplicas: 2, decodeReplicas: 3, routerImage: 'registry.local/router:1' },
        autoscaling: autoscalers.keda,
      }).manifests,
  ]),
  ...adapterEngines.map((id): [string, () => readonly Manifest[]] => [
    `${id} with adapters`,
    () => planManifests(enginePlan(id), { ...hub, loraAdapters: adapters }).manifests,
  ]),
  ['a MIG slice', () => planManifests(enginePlan('vllm'), { deviceSharing: { kind: 'mig', profile: '3g.40gb' } }).manifests],
  [
    "HAMi's share",
    () => planManifests(enginePlan('tgi'), { deviceSharing: { kind: 'hami', memoryMiB: 20_000, corePercent: 50 } }).manifests,
  ],
  ['a time-sliced device', () => planManifests(enginePlan('vllm'), { deviceSharing: { kind: 'timeSlicing' } }).manifests],
]

const jobs: readonly [string, () => readonly Manifest[]][] = [
  ['a benchmark', () => benchmarkJob(samplePlan(), everything).manifests],
  ['a quantization', () => quantizationJob({ ...quantization, devices: { resource: 'nvidia.com/gpu', count: 1 } }).manifests],
  ['a build with Kaniko', () => imageBuildJob({ ...build, builder: 'kaniko' }).manifests],
  ['a build with BuildKit', () => imageBuildJob({ ...build, builder: 'buildkit', source: git }).manifests],
]

const definitions: Readonly<Record<string, readonly [string, string]>> = {
  LeaderWorkerSet: ['lws/leaderworkerset.x-k8s.io_leaderworkersets.yaml', 'v1'],
  ServiceMonitor: ['prometheus-operator/monitoring.coreos.com_servicemonitors.yaml', 'v1'],
  ScaledObject: ['keda/keda.sh_scaledobjects.yaml', 'v1alpha1'],
  BudAIScaler: ['bud-scaler/scaler.bud.studio_budaiscalers.yaml', 'v1alpha1'],
  Route: ['openshift/routes.crd.yaml', 'v1'],
}

describe.each(kubernetesVersions)('Kubernetes %s', (version) => {
  const problemsOf = createValidator(version)

  test.each(cases)('accepts %s', (_name, render) => {
    const builtIn = render().filter(({ kind }) => definitions[kind] === undefined)
    expect(builtIn.length).toBeGreaterThan(3)
    expect(builtIn.flatMap(problemsOf)).toEqual([])
  })

  test.each(jobs)('accepts %s', (_name, render) => {
    expect(render().length).toBeGreaterThan(0)
    expect(render().flatMap(problemsOf)).toEqual([])
  })

  test('rejects an unknown field, so that the check above means something', () => {
    const [first] = planManifests(samplePlan()).manifests
    expect(problemsOf({ ...first, spec: { replicaz: 1 } } as Manifest)).not.toEqual([])
  })
})

describe('custom resources', () => {
  const rendered = cases.flatMap(([, render]) => render())

  test.each(Object.entries(definitions))('%s is accepted by its published definition', (kind, [file, version]) => {
    const validate = customResourceValidator(file, version)
    const found = rendered.filter((manifest) => manifest.kind === kind)
    expect(found.length).toBeGreaterThan(2)
    for (const manifest of found) {
      validate(manifest)
      expect(validate.errors ?? []).toEqual([])
    }
    expect(validate({ ...found[0], spec: { unknown: true } })).toBe(false)
  })
})
