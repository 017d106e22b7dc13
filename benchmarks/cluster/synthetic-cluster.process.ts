/** A Kubernetes API with as many nodes and pods as asked for, page by page; and the part of EKS that a plan reads. Tells its port on its output. */
import { createServer, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '0' }, pods: { type: 'string', default: '0' }, pools: { type: 'string', default: '0' } },
})
const [nodeCount, podCount, poolCount] = [Number(values.nodes), Number(values.pods), Number(values.pools)]

const condition = (type: string, status: string) => ({
  type,
  status,
  reason: `Kubelet${type}`,
  message: `kubelet has ${type}`,
  lastHeartbeatTime: '2026-01-01T00:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})
/** As large as nodes with feature labels are: some ten kilobytes. */
const node = (index: number) => ({
  metadata: {
    name: `node-${String(index)}`,
    uid: `node-uid-${String(index)}`,
    resourceVersion: String(index + 1),
    labels: {
      'kubernetes.io/hostname': `node-${String(index)}`,
      'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
      'nvidia.com/gpu.count': '8',
      'nvidia.com/gpu.present': 'true',
      ...Object.fromEntries(Array.from({ length: 80 }, (_, flag) => [`feature.node.kubernetes.io/cpu-cpuid.FLAG${String(flag)}`, 'true'])),
    },
    annotations: {
      'nfd.node.kubernetes.io/feature-labels': Array.from({ length: 80 }, (_, flag) => `cpu-cpuid.FLAG${String(flag)}`).join(','),
    },
  },
  spec: { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] },
  status: {
    capacity: { cpu: '192', memory: '2113509824Ki', 'nvidia.com/gpu': '8', pods: '110' },
    allocatable: { cpu: '191', memory: '2113407424Ki', 'nvidia.com/gpu': '8', pods: '110' },
    conditions: [
      condition('MemoryPressure', 'False'),
      condition('DiskPressure', 'False'),
      condition('PIDPressure', 'False'),
      condition('Ready', 'True'),
    ],
    nodeInfo: { kubeletVersion: 'v1.36.3', architecture: 'amd64' },
    images: Array.from({ length: 50 }, (_, image) => ({
      names: [`registry.example/image-${String(image)}@sha256:${'0'.repeat(64)}`],
      sizeBytes: 1e9,
    })),
  },
})
/** One in ten holds devices. */
const pod = (index: number) => ({
  metadata: {
    name: `pod-${String(index)}`,
    namespace: `team-${String(index % 50)}`,
    uid: `pod-uid-${String(index)}`,
    resourceVersion: String(index + 1),
    labels: { app: `app-${String(index % 200)}`, 'pod-template-hash': '5d4f8c7b6d' },
  },
  spec: {
    nodeName: `node-${String(index % nodeCount)}`,
    containers: [
      {
        name: 'main',
        image: 'registry.example/engine:1',
        args: ['--model', 'a', '--port', '8000'],
        env: Array.from({ length: 10 }, (_, variable) => ({ name: `VARIABLE_${String(variable)}`, value: 'value' })),
        resources: { requests: { cpu: '2', memory: '8Gi', ...(index % 10 === 0 ? { 'nvidia.com/gpu': '4' } : {}) } },
        volumeMounts: [{ name: 'models', mountPath: '/models' }],
      },
    ],
    volumes: [{ name: 'models', persistentVolumeClaim: { claimName: 'models' } }],
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [condition('Ready', 'True'), condition('PodScheduled', 'True')],
    containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
  },
})

const send = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

function page(url: URL, total: number, make: (index: number) => object): object {
  const from = Number(url.searchParams.get('continue') ?? 0)
  const to = Math.min(total, from + Number(url.searchParams.get('limit') ?? total))
  const items = Array.from({ length: to - from }, (_, index) => make(from + index))
  return { metadata: { resourceVersion: '1000000', ...(to < total ? { continue: String(to) } : {}) }, items }
}

const pool = (name: string) => ({
  nodegroupName: name,
  clusterName: 'lab',
  status: 'ACTIVE',
  instanceTypes: ['p5.48xlarge'],
  scalingConfig: { minSize: 0, maxSize: 8, desiredSize: 4 },
  tags: { 'managed-by': 'bud-foundry' },
})

function answer(url: URL, response: ServerResponse): unknown {
  const { pathname } = url
  if (pathname === '/api/v1/nodes') return send(response, page(url, nodeCount, node))
  if (pathname === '/api/v1/pods') return send(response, page(url, podCount, pod))
  if (pathname === '/clusters/lab')
    return send(response, { cluster: { name: 'lab', status: 'ACTIVE', tags: { 'managed-by': 'bud-foundry' } } })
  if (pathname === '/clusters/lab/node-groups')
    return send(response, { nodegroups: Array.from({ length: poolCount }, (_, index) => `pool-${String(index)}`) })
  if (pathname.startsWith('/clusters/lab/node-groups/')) return send(response, { nodegroup: pool(pathname.split('/').at(-1) ?? '') })
  return send(response, { kind: 'Status', message: 'not found' }, 404)
}

const server = createServer((request, response) => answer(new URL(request.url ?? '', 'http://localhost'), response)).listen(
  0,
  '127.0.0.1',
  () => {
    const address = server.address()
    if (address !== null && typeof address !== 'string') process.stdout.write(`${String(address.port)}\n`)
  },
)
process.once('SIGTERM', () => process.exit())
