/** `limiter_overshoot`: how many requests four processes on one store admit beyond the limit, under a hundred times the load. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMemoryStore, type Claim } from '@bud-foundry/core'
import { createFileStore } from '@bud-foundry/core/store/file'
import { createValkeyStore } from '@bud-foundry/core/store/valkey'

const processes = 4
const limit = 500
const offered = 100 * limit
const parallel = 64
/** So long that none ends during the measurement. */
const windowMs = 92 * 86_400_000
const claim: Claim = { key: 'bench', amount: 1, limit, windowMs }

export interface LimiterMeasures {
  /** Requests admitted beyond the limit, of `offered`; below zero when fewer were admitted. */
  readonly limiter_overshoot: number
  readonly store: 'valkey' | 'file'
  readonly offered: number
  readonly limit: number
  /** Processor time to reserve four claims and settle them, on a memory store. */
  readonly limiter_memory_us: number
}

async function compete(address: string): Promise<void> {
  const store = address.includes('://')
    ? await createValkeyStore({ url: address, keyPrefix: '{bench}:' })
    : await createFileStore({ path: address })
  let left = offered / processes
  let admitted = 0
  const work = async () => {
    while (left > 0) {
      left -= 1
      if ((await store.reserve([claim])).admitted) admitted += 1
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  process.send?.({ admitted })
  await store[Symbol.asyncDispose]()
  process.disconnect()
}

async function admittedBy(address: string): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['compete', address], { execArgv: ['--conditions=bud-source', '--no-warnings'] })
  const [message] = (await once(child, 'message')) as [{ readonly admitted: number }]
  return message.admitted
}

const reserved: readonly Claim[] = [
  { key: 'limit/requests/minute/key/0198c0de-0000-7000-8000-000000000001//', amount: 1, limit: 1e12, windowMs: 60_000 },
  { key: 'limit/tokens/minute/project/default//', amount: 2_000, limit: 1e12, windowMs: 60_000 },
  { key: 'limit/spend/day/user/someone//', amount: 1_234_567, limit: 1e15, windowMs: 86_400_000 },
  { key: 'limit/concurrency//key/0198c0de-0000-7000-8000-000000000001//', amount: 1, limit: 1e6, windowMs: 'lease', leaseMs: 30_000 },
]
const settled = [
  { key: reserved[1]?.key ?? '', amount: 18 },
  { key: reserved[2]?.key ?? '', amount: 15_200 },
]

/** The median of several rounds, after one that is thrown away. */
function memoryMicroseconds(): number {
  const ledger = createMemoryStore({}).synchronous
  if (ledger === undefined) throw new Error('the memory store reserves without a promise')
  const calls = 50_000
  const rounds: number[] = []
  for (let round = 0; round < 8; round += 1) {
    const before = process.cpuUsage()
    for (let call = 0; call < calls; call += 1) {
      const reservation = ledger.reserve(reserved)
      if (reservation.admitted) ledger.settle(reservation.id, settled)
    }
    rounds.push(process.cpuUsage(before).user / calls)
  }
  return rounds.slice(1).toSorted((left, right) => left - right)[3] ?? Number.NaN
}

/** On Valkey where an address is given, else on a file that the processes share. */
export async function measureLimiter(valkeyUrl?: string): Promise<LimiterMeasures> {
  const directory = mkdtempSync(join(tmpdir(), 'bud-limiter-'))
  try {
    if (valkeyUrl !== undefined) await clearBench(valkeyUrl)
    const address = valkeyUrl ?? join(directory, 'store.db')
    const admitted = await Promise.all(Array.from({ length: processes }, () => admittedBy(address)))
    const total = admitted.reduce((sum, each) => sum + each, 0)
    return {
      limiter_overshoot: total - limit,
      store: valkeyUrl === undefined ? 'file' : 'valkey',
      offered,
      limit,
      limiter_memory_us: memoryMicroseconds(),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What an earlier measurement used of the window. */
async function clearBench(url: string): Promise<void> {
  const { Redis } = await import('ioredis')
  const admin = new Redis(url)
  const names = await admin.keys('{bench}:*')
  if (names.length > 0) await admin.del(...names)
  admin.disconnect()
}

if (process.argv[2] === 'compete') await compete(process.argv[3] ?? '')
