/** Records against the plainest code: random samples with gaps and repeats, in days of which one has 25 hours. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'

let engine: TestEngine
let metrics: Metrics

const hour = 3_600_000
/** Midnights of Berlin around the night in which its clocks go back. */
const midnights = [Date.UTC(2026, 9, 23, 22), Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23), Date.UTC(2026, 9, 26, 23)] as const
const window = { fromUnixMs: midnights[0], toUnixMs: midnights[3] }

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })
/** What a 32-bit number holds exactly. */
const share = fc.integer({ min: 0, max: 64 }).map((part) => part / 64)
const bytes = fc.integer({ min: 0, max: 80 }).map((gigabytes) => gigabytes * 1e9)
const sampleArbitrary = fc.record({
  // Often at the very edge of a day, and some outside the window.
  timeUnixMs: fc.oneof(
    fc.constantFrom(...midnights, midnights[1] - 1, midnights[2] - 1),
    fc.integer({ min: midnights[0] - 5 * hour, max: midnights[3] + 5 * hour }),
  ),
  clusterName: fc.constantFrom('c', "it's"),
  nodeName: fc.constantFrom('n1', 'n2'),
  deviceId: fc.constantFrom('gpu-0', 'gpu-1'),
  hardwareId: fc.constantFrom('h100', 'a100'),
  utilisation: optional(share),
  memoryUsedBytes: optional(bytes),
  memoryTotalBytes: optional(bytes),
  powerWatts: optional(fc.integer({ min: 0, max: 700 })),
})
type Sample = Readonly<ReturnType<typeof toSamples>[number]>

function toSamples() {
  const [sample = []] = fc.sample(fc.array(sampleArbitrary, { minLength: 150, maxLength: 200 }), { seed: 20_261_123, numRuns: 1 })
  return sample.map((one, index) => ({ ...one, id: `sample-${String(index)}`, kind: 'device-sample' }))
}
const samples = toSamples()

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  for (const start of [0, 40, 80, 120, 160]) await metrics.store(samples.slice(start, start + 60))
})
afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const numbers = (list: readonly (number | undefined)[]) => list.filter((value) => value !== undefined)
const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0)
const mean = (list: readonly number[]) => (list.length === 0 ? null : sum(list) / list.length)
const most = (list: readonly number[]) => (list.length === 0 ? null : Math.max(...list))

function usedShare(list: readonly Sample[]): number | null {
  const both = list.filter(({ memoryUsedBytes, memoryTotalBytes }) => memoryUsedBytes !== undefined && memoryTotalBytes !== undefined)
  const total = sum(both.map(({ memoryTotalBytes = 0 }) => memoryTotalBytes))
  return total === 0 ? null : sum(both.map(({ memoryUsedBytes = 0 }) => memoryUsedBytes)) / total
}

const plain: Readonly<Record<string, (list: readonly Sample[]) => number | null>> = {
  samples: (list) => list.length,
  devices: (list) => new Set(list.map(({ clusterName, nodeName, deviceId }) => JSON.stringify([clusterName, nodeName, deviceId]))).size,
  utilisationMean: (list) => mean(numbers(list.map(({ utilisation }) => utilisation))),
  utilisationMax: (list) => most(numbers(list.map(({ utilisation }) => utilisation))),
  memoryUsedShare: usedShare,
  powerWattsMax: (list) => most(numbers(list.map(({ powerWatts }) => powerWatts))),
}
const round = (value: number | null | undefined) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value)

test('random questions about devices have the answers of the plainest code, in days of 24 and of 25 hours', async () => {
  const subset = <Item>(items: readonly Item[], minLength: number) => fc.uniqueArray(fc.constantFrom(...items), { minLength })
  const question = fc.record({
    measure: subset(Object.keys(plain), 1),
    groupBy: subset(['nodeName', 'hardwareId', 'clusterName'] as const, 0),
    isDaily: fc.boolean(),
    filters: fc.constantFrom({}, { clusterName: "it's" }, { deviceId: ['gpu-1', 'none'] }, { nodeName: 'none' }),
  })
  await fc.assert(
    fc.asyncProperty(question, async ({ isDaily, filters, ...asked }) => {
      const daily = isDaily ? { interval: '1d', timeZone: 'Europe/Berlin' } : {}
      const { rows } = await metrics.records({ of: 'devices', ...asked, ...daily, filters, window })
      const chosen = samples.filter((sample) =>
        Object.entries(filters).every(([name, values]) => [values].flat().includes(String(sample[name as keyof Sample]))),
      )
      const edges = isDaily ? midnights : [window.fromUnixMs, window.toUnixMs]
      const starts = edges.slice(0, -1)
      for (const { timeUnixMs, group, values } of rows) {
        const end = edges[starts.indexOf(timeUnixMs) + 1] ?? expect.fail(`no bucket begins at ${String(timeUnixMs)}`)
        const inside = chosen.filter(
          (sample) =>
            sample.timeUnixMs >= timeUnixMs && sample.timeUnixMs < end && asked.groupBy.every((name) => sample[name] === group[name]),
        )
        for (const name of asked.measure) expect([name, round(values[name])]).toEqual([name, round(plain[name]?.(inside))])
      }
      const within = chosen.filter(({ timeUnixMs }) => timeUnixMs >= window.fromUnixMs && timeUnixMs < window.toUnixMs)
      const groups = new Set(within.map((sample) => JSON.stringify(asked.groupBy.map((name) => sample[name]))))
      expect(rows).toHaveLength((asked.groupBy.length === 0 ? 1 : groups.size) * starts.length)
    }),
    { numRuns: 20 },
  )
})
