/** A real Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback, without nodes. */
import { randomBytes, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { Agent, fetch } from 'undici'
import { buildKubernetes } from './kubernetes-build.ts'
import { freePort, startProcess, type RunningService, type Service } from './service.ts'

const readyTimeoutMs = 120_000

/** Pods answer on an address that is not loopback: the API server refuses to pass calls on to a loopback address. */
const podAddress = (): string => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((candidate) => candidate?.family === 'IPv4' && !candidate.internal)
  if (address === undefined) throw new Error('This machine has no IPv4 address beside loopback, which the fake kubelet needs.')
  return address.address
}

interface ControlPlane {
  readonly folder: string
  readonly programs: string
  readonly token: string
  readonly etcdPort: number
  readonly apiPort: number
}

const kubeconfig = ({ apiPort, token }: ControlPlane): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${apiPort}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  })

const startEtcd = async ({ folder, programs, etcdPort }: ControlPlane): Promise<() => Promise<void>> => {
  const client = `http://127.0.0.1:${etcdPort}`
  const peer = `http://127.0.0.1:${await freePort()}`
  return startProcess({
    command: path.join(programs, 'etcd'),
    args: [
      ...['--data-dir', path.join(folder, 'etcd'), '--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
      // The data lives as long as the run: nothing has to survive a power failure.
      ...['--unsafe-no-fsync', '--log-level', 'warn'],
    ],
    isReady: async () => (await fetch(`${client}/health`)).ok,
    readyTimeoutMs,
  })
}

const apiServerArgs = ({ folder, etcdPort, apiPort }: ControlPlane): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  '--bind-address=127.0.0.1',
  `--advertise-address=${podAddress()}`,
  `--secure-port=${apiPort}`,
  `--cert-dir=${path.join(folder, 'certificates')}`,
  '--service-cluster-ip-range=10.96.0.0/16',
  `--token-auth-file=${path.join(folder, 'tokens.csv')}`,
  '--authorization-mode=RBAC',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-signing-key-file=${path.join(folder, 'accounts.key')}`,
  `--service-account-key-file=${path.join(folder, 'accounts.pub')}`,
  // Old versions of objects go quickly, so that tests see what a watch does then.
  '--etcd-compaction-interval=5s',
  '--watch-cache-sizes=configmaps#0',
]

const startApiServer = (plane: ControlPlane): Promise<() => Promise<void>> => {
  const agent = new Agent({ connect: { rejectUnauthorized: false } })
  const headers = { authorization: `Bearer ${plane.token}` }
  return startProcess({
    command: path.join(plane.programs, 'kube-apiserver'),
    args: apiServerArgs(plane),
    isReady: async () => (await fetch(`https://127.0.0.1:${plane.apiPort}/readyz`, { dispatcher: agent, headers })).ok,
    readyTimeoutMs,
  })
}

const startWorker = async (plane: ControlPlane, program: string, args: readonly string[]): Promise<() => Promise<void>> => {
  const port = await freePort()
  const agent = new Agent({ connect: { rejectUnauthorized: false } })
  const kubeconfigFile = path.join(plane.folder, 'kubeconfig')
  return startProcess({
    command: path.join(plane.programs, program),
    args: [
      ...[`--kubeconfig=${kubeconfigFile}`, '--bind-address=127.0.0.1', `--secure-port=${port}`, '--leader-elect=false'],
      `--cert-dir=${path.join(plane.folder, program)}`,
      ...args,
    ],
    isReady: async () => (await fetch(`https://127.0.0.1:${port}/healthz`, { dispatcher: agent })).ok,
    readyTimeoutMs,
  })
}

const writeKeys = async (plane: ControlPlane): Promise<void> => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const files: Readonly<Record<string, string>> = {
    'accounts.key': privateKey,
    'accounts.pub': publicKey,
    'tokens.csv': `${plane.token},admin,admin,"system:masters"\n`,
    kubeconfig: kubeconfig(plane),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(plane.folder, name), content, { mode: 0o600 })
}

const start = async (): Promise<RunningService> => {
  const programs = await buildKubernetes()
  const folder = await mkdtemp(path.join(tmpdir(), 'bud-kubernetes-'))
  const plane: ControlPlane = {
    folder,
    programs,
    token: randomBytes(24).toString('hex'),
    etcdPort: await freePort(),
    apiPort: await freePort(),
  }
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await writeKeys(plane)
    stops.push(await startEtcd(plane))
    stops.push(await startApiServer(plane))
    const accounts = `--service-account-private-key-file=${path.join(folder, 'accounts.key')}`
    stops.push(
      await startWorker(plane, 'kube-controller-manager', [
        accounts,
        // Test nodes have no heartbeat, and would be tainted for it.
        '--controllers=*,-node-lifecycle-controller',
      ]),
    )
    stops.push(await startWorker(plane, 'kube-scheduler', []))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    environment: { BUD_TEST_KUBECONFIG: path.join(folder, 'kubeconfig'), BUD_TEST_POD_ADDRESS: podAddress() },
    description: `Kubernetes ${path.basename(programs).split('-')[1] ?? ''} (etcd, API server, controller manager, scheduler)`,
    stop,
  }
}

export const kubernetes: Service = { name: 'kubernetes', start }
