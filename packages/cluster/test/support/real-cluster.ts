/** The control plane that the service tier starts, as an administrator sees it. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import { createHttpKubernetesApi, type KubernetesApi } from '../../src/index.ts'

function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set; start these tests with 'npm run test:services'`)
  return value
}

export const kubeconfigFile = (): string => variable('BUD_TEST_KUBECONFIG')
export const podAddress = (): string => variable('BUD_TEST_POD_ADDRESS')

export function adminConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromString(readFileSync(kubeconfigFile(), 'utf8'))
  return config
}

/** The same cluster as a service account. */
export function configWithToken(token: string): KubeConfig {
  const config = new KubeConfig()
  const cluster = adminConfig().getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig of the service tier names no cluster')
  config.loadFromClusterAndUser(cluster, { name: 'account', token })
  return config
}

export const freshName = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`

const never = new AbortController().signal
const comparedKinds: readonly (readonly [string, string])[] = [
  ['v1', 'Namespace'],
  ['v1', 'Service'],
  ['v1', 'Pod'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['coordination.k8s.io/v1', 'Lease'],
]

/** Everything that exists, by uid; without the leases by which servers and nodes show that they live. */
export async function inventory(api: KubernetesApi): Promise<readonly string[]> {
  const lists = await Promise.all(comparedKinds.map(([apiVersion, kind]) => api.list({ apiVersion, kind }, never)))
  return lists
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.namespace !== 'kube-node-lease' && metadata.namespace !== 'kube-system')
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.uid ?? ''}`)
    .toSorted()
}

/** An engine at the pods' address that answers every completion with one token, or with 503 while it is told to be loading. */
export async function startEngine(): Promise<{
  readonly server: Server
  readonly port: number
  readonly asked: string[]
  loading: boolean
}> {
  const asked: string[] = []
  const state = { loading: false }
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const body = state.loading ? { error: 'loading' } : { choices: [{ index: 0, message: { role: 'assistant', content: 'yes' } }] }
    request
      .resume()
      .on('end', () => response.writeHead(state.loading ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body)))
  })
  server.listen(0, podAddress())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the engine has no port')
  return Object.assign(state, { server, port: address.port, asked })
}

export const adminApi = (): KubernetesApi => createHttpKubernetesApi(adminConfig())
