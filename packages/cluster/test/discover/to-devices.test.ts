import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceSchema } from '@bud-foundry/core'
import { toDevices, type ClusterInventory, type KubernetesObject } from '../../src/index.ts'
import { hamiDeviceCount } from '../../src/discover/node-devices.ts'
import { amdHardwareId, nvidiaHardwareId } from '../../src/discover/hardware-names.ts'
import { parseQuantity } from '../../src/discover/node-schemas.ts'

interface NodeSample {
  readonly name?: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly allocatable?: Record<string, string>
  readonly spec?: object
  readonly ready?: string
}

const node = ({
  name = 'n1',
  labels = {},
  annotations = {},
  allocatable = {},
  spec = {},
  ready = 'True',
}: NodeSample): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels, annotations },
  spec,
  status: { allocatable, conditions: [{ type: 'Ready', status: ready }] },
})
const pod = (
  resource: string,
  amount: string,
  fields: { phase?: string; initAmount?: string; nodeName?: string } = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: {
    nodeName: fields.nodeName ?? 'n1',
    containers: [{ resources: { limits: { [resource]: amount } } }],
    initContainers: fields.initAmount === undefined ? [] : [{ resources: { requests: { [resource]: fields.initAmount } } }],
  },
  status: { phase: fields.phase ?? 'Running' },
})
const inventory = (parts: Partial<ClusterInventory>): ClusterInventory => ({
  nodes: [],
  pods: [],
  resourceSlices: [],
  resourceClaims: [],
  ...parts,
})
const h100 = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '8' }
const eight = { 'nvidia.com/gpu': '8' }

describe('devices of a node', () => {
  test('are what is allocatable, less what pods request: the larger of init and main containers, none once they ended', () => {
    const pods = [
      pod('nvidia.com/gpu', '2'),
      pod('nvidia.com/gpu', '1', { initAmount: '3' }),
      pod('nvidia.com/gpu', '4', { phase: 'Succeeded' }),
      pod('nvidia.com/gpu', '1', { nodeName: 'n2' }),
    ]
    expect(toDevices(inventory({ nodes: [node({ labels: h100, allocatable: eight })], pods })).devices).toEqual([
      { hardwareId: 'h100-sxm', count: 8, available: 3, nodeName: 'n1', sharing: 'whole' },
    ])
  })

  test.each<[string, NodeSample, object]>([
    // Feature discovery overrides the number of devices with that of instances here.
    ...[
      ['NVIDIA-H100-80GB-HBM3-MIG-1g.10gb', '56', 'h100-sxm', 8],
      ['NVIDIA-H100-80GB-HBM3-MIG-1g.20gb', '32', 'h100-sxm', 8],
      ['NVIDIA-H100-80GB-HBM3-MIG-3g.40gb', '16', 'h100-sxm', 8],
      ['NVIDIA-A30-MIG-1g.6gb', '8', 'a30', 2],
    ].map(([product = '', units = '', hardwareId, count]): [string, NodeSample, object] => [
      `MIG in single strategy, ${String(product)}`,
      {
        labels: { 'nvidia.com/gpu.product': String(product), 'nvidia.com/gpu.count': String(units) },
        allocatable: { 'nvidia.com/gpu': String(units) },
      },
      { hardwareId, count, sharing: 'mig' },
    ]),
    [
      'time slicing',
      { labels: { 'nvidia.com/gpu.product': 'NVIDIA-A10-SHARED', 'nvidia.com/gpu.replicas': '4' }, allocatable: { 'nvidia.com/gpu': '8' } },
      { hardwareId: 'a10', count: 2, sharing: 'time-slice' },
    ],
    [
      'HAMi',
      {
        labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
        annotations: {
          'hami.io/node-nvidia-register': 'GPU-1,10,23034,100,NVIDIA-NVIDIA L4,0,true:GPU-2,10,23034,100,NVIDIA-NVIDIA L4,0,true:',
        },
        allocatable: { 'nvidia.com/gpu': '20' },
      },
      { hardwareId: 'l4', count: 2, sharing: 'time-slice' },
    ],
    [
      'an AMD node',
      { labels: { 'amd.com/gpu.device-id': '74a1' }, allocatable: { 'amd.com/gpu': '8' } },
      { hardwareId: 'mi300x', count: 8, sharing: 'whole' },
    ],
    [
      'an AMD node that only NFD knows',
      { labels: { 'feature.node.kubernetes.io/pci-1200_1002_74a5.present': 'true' }, allocatable: { 'amd.com/gpu': '8' } },
      { hardwareId: 'mi325x', count: 8, sharing: 'whole' },
    ],
    [
      'a Gaudi node',
      { labels: { 'feature.node.kubernetes.io/pci-1200_1da3_1060.present': 'true' }, allocatable: { 'habana.ai/gaudi': '8' } },
      { hardwareId: 'gaudi-3', count: 8, sharing: 'whole' },
    ],
  ])('count every physical device once: %s', (_name, sample, expected) => {
    expect(toDevices(inventory({ nodes: [node(sample)] })).devices).toEqual([expect.objectContaining(expected)])
  })

  test('are whole and cut on one node in mixed strategy, each with what is free of it', () => {
    const allocatable = { 'nvidia.com/gpu': '6', 'nvidia.com/mig-1g.10gb': '7', 'nvidia.com/mig-3g.40gb': '2' }
    const pods = [pod('nvidia.com/gpu', '2'), pod('nvidia.com/mig-1g.10gb', '1')]
    for (const count of ['8', '6']) {
      const { devices } = toDevices(inventory({ nodes: [node({ labels: { ...h100, 'nvidia.com/gpu.count': count }, allocatable })], pods }))
      expect(devices.map(({ count: all, available, sharing }) => [all, available, sharing])).toEqual([
        [6, 4, 'whole'],
        [2, 1, 'mig'],
      ])
    }
  })

  test('that are sliced lose one for each slice in use: slices are spread over them', () => {
    const labels = { 'nvidia.com/gpu.product': 'NVIDIA-L4-SHARED', 'nvidia.com/gpu.replicas': '4', 'nvidia.com/gpu.count': '8' }
    const pods = [1, 2, 3].map(() => pod('nvidia.com/gpu', '1'))
    const { devices } = toDevices(inventory({ nodes: [node({ labels, allocatable: { 'nvidia.com/gpu': '32' } })], pods }))
    expect(devices[0]).toMatchObject({ count: 8, available: 5, sharing: 'time-slice' })
  })

  test('have the profiles that sim has', () => {
    expect(['AMD_Instinct_MI250X', 'AMD_Instinct_MI300A', 'AMD_Instinct_MI350X', '740f'].map(amdHardwareId)).toEqual([
      'mi250x',
      'mi300a',
      'mi350x',
      'mi210',
    ])
    expect(['NVIDIA-L40', 'NVIDIA-A30', 'NVIDIA-RTX-A6000', 'NVIDIA-GH200-480GB'].map(nvidiaHardwareId)).toEqual([
      'l40',
      'a30',
      'rtx-a6000',
      'gh200-96gb',
    ])
  })

  test('of which one divided unit is in use count as used', () => {
    const labels = { 'nvidia.com/gpu.product': 'NVIDIA-A10-SHARED', 'nvidia.com/gpu.replicas': '4' }
    const { devices } = toDevices(inventory({ nodes: [node({ labels, allocatable: eight })], pods: [pod('nvidia.com/gpu', '1')] }))
    expect(devices[0]).toMatchObject({ count: 2, available: 1 })
  })

  test.each<[string, NodeSample, string]>([
    ['cordoned', { spec: { unschedulable: true } }, 'it is cordoned'],
    ['not ready', { ready: 'Unknown' }, 'it is not ready'],
    [
      'tainted for others',
      { spec: { taints: [{ key: 'team', value: 'x', effect: 'NoSchedule' }] } },
      'its taint team:NoSchedule is not tolerated',
    ],
  ])('are not available on a node that is %s, and it says why', (_name, sample, reason) => {
    const { devices, findings } = toDevices(inventory({ nodes: [node({ labels: h100, allocatable: eight, ...sample })] }))
    expect(devices[0]).toMatchObject({ count: 8, available: 0 })
    expect(findings[0]?.message).toContain(reason)
  })

  test('are available behind the usual taint of accelerators, and behind one that only prefers', () => {
    const taints = [
      { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' },
      { key: 'spot', effect: 'PreferNoSchedule' },
    ]
    expect(toDevices(inventory({ nodes: [node({ labels: h100, allocatable: eight, spec: { taints } })] })).devices[0]?.available).toBe(8)
  })

  test('without a profile are told of, not passed on', () => {
    const { devices, findings } = toDevices(
      inventory({ nodes: [node({ labels: { 'nvidia.com/gpu.product': 'NVIDIA-Future' }, allocatable: eight })] }),
    )
    expect(devices).toEqual([])
    expect(findings[0]?.message).toContain("8 × 'NVIDIA-Future' on node n1 have no hardware profile")
  })
})

describe('devices of ResourceSlices', () => {
  const slice = (generation: number, names: readonly string[], type = 'gpu'): KubernetesObject => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `slice-${String(generation)}-${type}` },
    spec: {
      driver: 'gpu.nvidia.com',
      nodeName: 'n1',
      pool: { name: 'n1', generation, resourceSliceCount: 1 },
      devices: names.map((name) => ({ name, attributes: { type: { string: type }, productName: { string: 'NVIDIA H100 80GB HBM3' } } })),
    },
  })
  const claim: KubernetesObject = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name: 'c', namespace: 'default' },
    status: { allocation: { devices: { results: [{ driver: 'gpu.nvidia.com', pool: 'n1', device: 'gpu-0' }] } } },
  }

  test('are those of the newest generation of the pool, less what claims hold, without partitions', () => {
    const resourceSlices = [slice(1, ['old']), slice(2, ['gpu-0', 'gpu-1']), slice(2, ['gpu-0-mig'], 'mig')]
    expect(toDevices(inventory({ nodes: [node({})], resourceSlices, resourceClaims: [claim] })).devices).toEqual([
      { hardwareId: 'h100-sxm', count: 2, available: 1, nodeName: 'n1', sharing: 'whole' },
    ])
  })

  test('that a device plugin offers as well are counted once', () => {
    const nodes = [node({ labels: h100, allocatable: { 'nvidia.com/gpu': '2' } })]
    const { devices } = toDevices(inventory({ nodes, resourceSlices: [slice(1, ['gpu-0', 'gpu-1'])] }))
    expect(devices.map(({ count }) => count)).toEqual([2])
  })
})

describe('parsers', () => {
  test('take anything that a cluster may say, and answer valid devices', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('8', '-3', '1e3', '28', 'NVIDIA-H100-80GB-HBM3', '4k'))
    const keys = fc.constantFrom(
      'nvidia.com/gpu',
      'nvidia.com/gpu.count',
      'nvidia.com/gpu.product',
      'nvidia.com/mig-1g.10gb',
      'nvidia.com/gpu.replicas',
      'amd.com/gpu',
      'habana.ai/gaudi',
    )
    fc.assert(
      fc.property(fc.dictionary(keys, text), fc.dictionary(keys, text), fc.anything(), (labels, allocatable, spec) => {
        const strange: KubernetesObject = { ...node({ labels, allocatable }), spec }
        const { devices } = toDevices(
          inventory({
            nodes: [node({ labels, allocatable }), strange],
            pods: [strange],
            resourceSlices: [strange],
            resourceClaims: [strange],
          }),
        )
        for (const device of devices) expect(deviceSchema.safeParse(device).success && (device.available ?? 0) <= device.count).toBe(true)
      }),
    )
  })

  test('read quantities as Kubernetes writes them', () => {
    expect(['8', '1500m', '2k', '1Gi', '1e3', 4].map(parseQuantity)).toEqual([8, 1.5, 2000, 1024 ** 3, 1000, 4])
    expect(['', 'x', '1Zi'].map(parseQuantity)).toEqual([Number.NaN, Number.NaN, Number.NaN])
  })

  test('count what HAMi registers in either of its formats', () => {
    expect([
      hamiDeviceCount(undefined),
      hamiDeviceCount('[{"id":"GPU-1"},{"id":"GPU-2"}]'),
      hamiDeviceCount('GPU-1,10,81559,100,NVIDIA,0,true:'),
    ]).toEqual([0, 2, 1])
  })
})
