/** Every manifest that we render is valid, strictly, under every Kubernetes version whose schema is at hand. */
import { describe, expect, test } from 'vitest'
import { planManifests, type Manifest, type RenderOptionsInput } from '../../src/index.ts'
import { createValidator, customResourceValidator, kubernetesVersions } from './schema-validator.ts'
import { samplePlan } from './sample-plan.ts'

const everything: RenderOptionsInput = {
  namespace: 'team-a',
  modelStorage: { kind: 'claim', storageClassName: 'fast' },
  huggingFaceToken: { secretName: 'hf' },
  imagePullSecretNames: ['registry'],
  priorityClassName: 'inference',
  nodeSelector: { pool: 'gpu' },
  callers: { namespaceLabels: { team: 'edge' }, podLabels: { app: 'gateway' } },
  serviceMonitor: true,
}
const multiNode = samplePlan({
  nodesPerReplica: 2,
  launch: { ...samplePlan().launch, multiNode: { leaderArgs: ['--node-rank', '0'], workerArgs: ['--node-rank', '$(LWS_WORKER_INDEX)'] } },
})
const cases: readonly [string, () => readonly Manifest[]][] = [
  ['two replicas with defaults', () => planManifests(samplePlan()).manifests],
  ['one replica on its own disk', () => planManifests(samplePlan({ replicas: 1 }), { modelStorage: { kind: 'ephemeral' } }).manifests],
  ['every option set', () => planManifests(samplePlan(), everything).manifests],
  ['a replica over two nodes', () => planManifests(multiNode, everything).manifests],
]
const custom: Readonly<Record<string, readonly [string, string]>> = {
  LeaderWorkerSet: ['lws/leaderworkerset.x-k8s.io_leaderworkersets.yaml', 'v1'],
  ServiceMonitor: ['prometheus-operator/monitoring.coreos.com_servicemonitors.yaml', 'v1'],
}

describe.each(kubernetesVersions)('Kubernetes %s', (version) => {
  const problemsOf = createValidator(version)

  test.each(cases)('accepts %s', (_name, render) => {
    const builtIn = render().filter(({ kind }) => custom[kind] === undefined)
    expect(builtIn.length).toBeGreaterThan(3)
    expect(builtIn.flatMap(problemsOf)).toEqual([])
  })

  test('rejects an unknown field, so that the check above means something', () => {
    const [first] = planManifests(samplePlan()).manifests
    expect(problemsOf({ ...first, spec: { replicaz: 1 } } as Manifest)).not.toEqual([])
  })
})

describe('custom resources', () => {
  test.each(Object.entries(custom))('%s is accepted by its published definition', (kind, [file, version]) => {
    const validate = customResourceValidator(file, version)
    const found = planManifests(multiNode, everything).manifests.filter((manifest) => manifest.kind === kind)
    expect(found).toHaveLength(1)
    validate(found[0])
    expect(validate.errors ?? []).toEqual([])
    expect(validate({ ...found[0], spec: {} })).toBe(false)
  })
})
