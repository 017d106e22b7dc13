import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceSchema } from '@bud-foundry/core'
import { devicesOfDcgm, toDevices, type ClusterInventory, type KubernetesObject } from '../../src/index.ts'
import { hamiDevices } from '../../src/discover/node-devices.ts'
import { slimPod } from '../../src/discover/inventory-parts.ts'
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
    const products = ['NVIDIA-L40', 'NVIDIA-A30', 'NVIDIA-RTX-A6000', 'NVIDIA-GH200-480GB', 'NVIDIA-GeForce-RTX-3090-Ti', 'NVIDIA-GB10']
    expect(products.map(nvidiaHardwareId)).toEqual(['l40', 'a30', 'rtx-a6000', 'gh200-96gb', 'rtx-3090-ti', 'dgx-spark'])
    // Not an A10: a device without a profile is told, not taken for another.
    expect(nvidiaHardwareId('NVIDIA-A10G')).toBeUndefined()
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

describe('processors', () => {
  const cpuModel = (vendor: string, family: string, id: string, others: Record<string, string> = {}) => ({
    'feature.node.kubernetes.io/cpu-model.vendor_id': vendor,
    'feature.node.kubernetes.io/cpu-model.family': family,
    'feature.node.kubernetes.io/cpu-model.id': id,
    'feature.node.kubernetes.io/cpu-hardware_multithreading': 'true',
    ...others,
  })
  const genoa = cpuModel('AMD', '25', '17')

  test.each<[string, Record<string, string>, string, object | undefined]>([
    ['two sockets of 96 cores', genoa, '384', { hardwareId: 'epyc-9654', count: 2 }],
    ['one socket of 64 cores', genoa, '128', { hardwareId: 'epyc-9554', count: 1 }],
    [
      'one socket without multithreading',
      { ...genoa, 'feature.node.kubernetes.io/cpu-hardware_multithreading': 'false' },
      '96',
      { hardwareId: 'epyc-9654', count: 1 },
    ],
    ['Turin with dense cores', cpuModel('AMD', '26', '17'), '768', { hardwareId: 'epyc-9965', count: 2 }],
    ['Sapphire Rapids', cpuModel('Intel', '6', '143'), '224', { hardwareId: 'xeon-8480', count: 2 }],
    ['a name', { 'feature.node.kubernetes.io/local-cpu.model': 'Intel-R-Xeon-R-6980P' }, '128', { hardwareId: 'xeon-6980p', count: 1 }],
    ['a virtual machine', genoa, '48', undefined],
    ['cores that are one socket of a profile or two of another', cpuModel('Intel', '6', '173'), '256', undefined],
    ['a model without a profile', cpuModel('Intel', '6', '85'), '96', undefined],
  ])('of a node are sockets of a profile, or a finding says that they are not: %s', (_name, labels, cpu, expected) => {
    const { devices, findings } = toDevices(inventory({ nodes: [node({ labels, allocatable: { cpu } })] }))
    expect(devices).toEqual(expected === undefined ? [] : [expect.objectContaining({ ...expected, sharing: 'whole' })])
    expect(findings.map(({ severity }) => severity)).toEqual(expected === undefined ? ['info'] : [])
  })

  test('are free while pods leave most of a socket, and are not devices beside accelerators', () => {
    const nodes = [node({ labels: genoa, allocatable: { cpu: '384' } })]
    const free = (...amounts: string[]) => {
      const pods = amounts.map((amount) => pod('cpu', amount))
      const found = toDevices(inventory({ nodes, pods })).devices[0]?.available
      expect(toDevices(inventory({ nodes, pods: pods.map(slimPod) })).devices[0]?.available).toBe(found)
      return found
    }
    expect([free(), free('2', '500m'), free('60'), free('240'), free('384')]).toEqual([2, 2, 1, 1, 0])
    const { devices } = toDevices(inventory({ nodes: [node({ labels: { ...genoa, ...h100 }, allocatable: { ...eight, cpu: '384' } })] }))
    expect(devices.map(({ hardwareId }) => hardwareId)).toEqual(['h100-sxm'])
  })
})

describe('problems of a node', () => {
  const hami = (annotation: string) =>
    node({ labels: h100, annotations: { 'hami.io/node-nvidia-register': annotation }, allocatable: { 'nvidia.com/gpu': '20' } })

  test.each<[string, KubernetesObject, readonly number[], RegExp]>([
    ['devices that HAMi reports as sick', hami('[{"id":"a","health":true},{"id":"b","health":false}]'), [1], /1 of its 2 devices as sick/],
    ['an annotation of HAMi that cannot be read', hami('[[[{'), [8], /hami.io\/node-nvidia-register cannot be read/],
    [
      'devices that no plugin offers',
      node({ labels: { 'feature.node.kubernetes.io/pci-0302_10de.present': 'true' } }),
      [],
      /has NVIDIA devices, and no device plugin offers them/,
    ],
    ['a quantity that is none', node({ labels: h100, allocatable: { 'nvidia.com/gpu': '1e30' } }), [], /'1e30', is no number of devices/],
    ['devices of an unknown kind', node({ allocatable: { 'gpu.intel.com/i915': '4' } }), [], /4 × 'Intel GPU' on node n1 have no hardware/],
  ])('are told, and take nothing from the others: %s', (_name, wrong, counts, message) => {
    const other = node({ name: 'n2', labels: h100, allocatable: eight })
    const { devices, findings } = toDevices(inventory({ nodes: [wrong, other] }))
    expect(devices.map(({ count }) => count)).toEqual([...counts, 8])
    expect(findings.map((finding) => finding.message).join()).toMatch(message)
  })

  test("tensor processors and Neuron devices are known by their cloud's labels", () => {
    const nodes = [
      node({ labels: { 'cloud.google.com/gke-tpu-accelerator': 'tpu-v5-lite-podslice' }, allocatable: { 'google.com/tpu': '4' } }),
      node({ name: 'n2', labels: { 'node.kubernetes.io/instance-type': 'trn2.48xlarge' }, allocatable: { 'aws.amazon.com/neuron': '16' } }),
    ]
    expect(toDevices(inventory({ nodes })).devices).toMatchObject([
      { hardwareId: 'tpu-v5e', count: 4 },
      { hardwareId: 'trainium2', count: 16 },
    ])
  })
})

describe('pages of the DCGM exporter', () => {
  const sample = (gpu: number, labels = '', field = 'DCGM_FI_DEV_GPU_UTIL') =>
    `${field}{gpu="${String(gpu)}",UUID="GPU-${String(gpu)}",device="nvidia${String(gpu)}",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"${labels}} 3`
  const page = [
    '# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).',
    sample(0),
    sample(0, '', 'DCGM_FI_DEV_FB_USED'),
    sample(1, ',container="main",namespace="team",pod="llm-0"'),
    sample(2, ',GPU_I_PROFILE="1g.10gb",GPU_I_ID="7"'),
    sample(2, ',GPU_I_PROFILE="1g.10gb",GPU_I_ID="8",exported_pod="x"'),
    'node_load1 4',
    'DCGM_FI_DEV_GPU_UTIL{UUID="GPU-9",modelName="Future \\"X\\"",Hostname="n1"} 1',
    'DCGM_FI_DEV_GPU_UTIL{UUID=',
  ].join('\n')

  test('are each device once, with what pods hold of them', () => {
    const { devices, findings } = devicesOfDcgm(page)
    expect(devices).toEqual([
      { hardwareId: 'h100-sxm', count: 2, available: 1, nodeName: 'n1', sharing: 'whole' },
      { hardwareId: 'h100-sxm', count: 1, available: 0, nodeName: 'n1', sharing: 'mig' },
    ])
    expect(findings[0]?.message).toContain(`1 × 'Future-"X"' on node n1 have no hardware profile`)
  })

  test('name the devices of a node whose labels do not', () => {
    const nodes = [node({ allocatable: { 'nvidia.com/gpu': '2' } })]
    expect(toDevices(inventory({ nodes })).devices).toEqual([])
    const dcgmPages = [[sample(0), sample(1)].join('\n')]
    expect(toDevices({ ...inventory({ nodes }), dcgmPages }).devices).toEqual([
      { hardwareId: 'h100-sxm', count: 2, available: 2, nodeName: 'n1', sharing: 'whole' },
    ])
  })

  test('of any text answer valid devices', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...page.split('\n')),
      fc.string().map((text) => `DCGM_FI_X{UUID="${text}"} 1`),
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const device of devicesOfDcgm(lines.join('\n')).devices) expect(deviceSchema.safeParse(device).success).toBe(true)
      }),
    )
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

  test('are not free behind a taint of theirs, nor in a pool that is not published whole', () => {
    const withDevices = (change: (spec: Record<string, unknown>) => object): KubernetesObject => {
      const whole = slice(1, ['gpu-0', 'gpu-1'])
      return { ...whole, spec: { ...(whole.spec as object), ...change(whole.spec as Record<string, unknown>) } }
    }
    const tainted = withDevices(({ devices }) => ({
      devices: (devices as object[]).map((device, index) =>
        index === 0 ? { ...device, taints: [{ key: 'x', effect: 'NoExecute' }] } : device,
      ),
    }))
    expect(toDevices(inventory({ nodes: [node({})], resourceSlices: [tainted] })).devices[0]).toMatchObject({ count: 2, available: 1 })
    const half = withDevices(() => ({ pool: { name: 'n1', generation: 1, resourceSliceCount: 2 } }))
    const { devices, findings } = toDevices(inventory({ nodes: [node({})], resourceSlices: [half] }))
    expect(devices[0]).toMatchObject({ count: 2, available: 0 })
    expect(findings[0]?.message).toContain('pool n1 of its devices is not published whole')
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

  test('count what HAMi registers in either of its formats, the sick ones apart', () => {
    expect([
      hamiDevices(undefined),
      hamiDevices('[{"id":"GPU-1"},{"id":"GPU-2","health":false}]'),
      hamiDevices('GPU-1,10,81559,100,NVIDIA,0,true:GPU-2,10,81559,100,NVIDIA,0,false:'),
      hamiDevices('[[[{'),
    ]).toEqual([
      { healthy: 0, sick: 0 },
      { healthy: 1, sick: 1 },
      { healthy: 1, sick: 1 },
      { healthy: 0, sick: 0 },
    ])
  })
})
