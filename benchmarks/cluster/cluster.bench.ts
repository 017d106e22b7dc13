/** Discovery of large clusters, a plan of many pools, and every way of dying. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, promisify } from 'node:util'
import { createSecret } from '@bud-foundry/core'
import { createEksProvider } from '@bud-foundry/cluster/eks'
import { currentLoadAverage, report } from '../harness/report.ts'
import { measureCrashes } from './crash-matrix.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const never = new AbortController().signal
const program = (name: string) => [...process.execArgv, join(import.meta.dirname, name)]

/** Runs some work beside a synthetic cluster, which ends with it. */
async function beside<Value>(size: Readonly<Record<string, number>>, work: (url: string) => Promise<Value>): Promise<Value> {
  const args = Object.entries(size).flatMap(([name, count]) => [`--${name}`, String(count)])
  const child = spawn(process.execPath, [...program('synthetic-cluster.process.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return await work(`http://127.0.0.1:${port}`)
  } finally {
    child.kill()
  }
}

interface Discovery {
  readonly ms: number
  readonly incrementalMs: number
  readonly rssMb: number
  readonly nodes: number
  readonly pods: number
  readonly count: number
  readonly available: number
}

const rounds = values.quick ? 1 : 3

/** The median run of some. */
const discover = (nodes: number, pods: number): Promise<Discovery> =>
  beside({ nodes, pods }, async (url) => {
    const runs: Discovery[] = []
    for (let round = 0; round < rounds; round += 1) {
      const { stdout } = await promisify(execFile)(process.execPath, [...program('discover.process.ts'), url])
      // Safe: the process prints it.
      runs.push(JSON.parse(stdout) as Discovery)
    }
    const median = runs.toSorted((left, right) => left.ms - right.ms)[Math.floor(rounds / 2)]
    if (median?.nodes !== nodes || median.pods !== pods) throw new Error('discovery did not see the whole cluster')
    return median
  })

const poolCount = 100

/** Reading a hundred pools, of which each has one machine less than it should. */
const planPools = (): Promise<number> =>
  beside({ pools: poolCount }, async (endpoint) => {
    await using provider = createEksProvider({
      region: 'us-east-1',
      endpoint,
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: createSecret('secret') },
      clusterRoleArn: 'arn:aws:iam::123456789012:role/cluster',
      nodeRoleArn: 'arn:aws:iam::123456789012:role/node',
      subnetIds: ['subnet-1', 'subnet-2'],
    })
    const pools = Array.from({ length: poolCount }, (_, index) => ({
      name: `pool-${String(index)}`,
      instanceType: 'p5.48xlarge',
      nodeCount: 5,
    }))
    const startMs = performance.now()
    const { changes } = await provider.plan({ name: 'lab', region: 'us-east-1', pools }, never)
    const ms = performance.now() - startMs
    if (changes.length !== poolCount) throw new Error(`the plan has ${String(changes.length)} changes instead of ${String(poolCount)}`)
    return ms
  })

const startLoad = currentLoadAverage()
const small = await discover(1_000, 10_000)
const large = await discover(5_000, 50_000)
const planMs = await planPools()
const crashes = await measureCrashes()
const line = (name: string, { ms, rssMb, incrementalMs }: Discovery) => {
  console.log(`${name}: ${(ms / 1000).toFixed(2)} s, at most ${rssMb.toFixed(0)} MiB; a change later ${incrementalMs.toFixed(0)} ms`)
}
line('1,000 nodes, 10,000 pods', small)
line('5,000 nodes, 50,000 pods', large)
console.log(`a plan of ${String(poolCount)} pools: ${planMs.toFixed(0)} ms`)
console.log(
  `${String(crashes.ok)} of ${String(crashes.points)} crashes ended in the same state, with ${String(crashes.leftovers)} leftovers`,
)

report(
  {
    bench: 'cluster',
    quick: values.quick,
    measures: {
      discovery_1000_nodes_ms: small.ms,
      discovery_5000_nodes_ms: large.ms,
      discovery_rss_mb: small.rssMb,
      plan_100_pools_ms: planMs,
      crash_points: crashes.points,
      crash_points_ok: crashes.ok,
      leftovers: crashes.leftovers,
    },
    reasons: {},
    details: { rounds, small, large },
  },
  startLoad,
)
