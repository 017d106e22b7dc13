/** One `/metrics` over all workers, as the primary puts it together: on virtual time, with workers that a test plays. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { JointMetrics } from '../../src/node/joint-metrics.ts'
import { parsePrometheus } from '../support/prometheus.ts'

const textOf = (requests: number) => `# HELP r_total Requests.\n# TYPE r_total counter\nr_total ${String(requests)}\n`

/** Workers by id; those without a count stay silent. */
function startPrimary(counts: Map<number, number | undefined>) {
  const clock = createFakeClock()
  const asked: number[] = []
  const metrics: JointMetrics = new JointMetrics({
    clock,
    workers: () => [...counts.keys()],
    ask: (worker) => {
      asked.push(worker)
      const count = counts.get(worker)
      if (count !== undefined) queueMicrotask(() => metrics.take(worker, textOf(count)))
    },
  })
  const read = async () => {
    const families = parsePrometheus(await clock.run(metrics.read()))
    return { requests: families.get('r_total')?.samples[0]?.value, workers: families.get('bud_gateway_workers')?.samples[0]?.value }
  }
  return { clock, metrics, asked, read }
}

it('is the sum over all workers, and says how many there are', async () => {
  const { read, clock } = startPrimary(
    new Map([
      [1, 3],
      [2, 4],
    ]),
  )
  expect(await read()).toEqual({ requests: 7, workers: 2 })
  expect(clock.monotonicMs()).toBe(0)
})

it('waits a moment for a silent worker, then counts what it said last', async () => {
  const counts = new Map<number, number | undefined>([
    [1, 3],
    [2, 4],
  ])
  const { read, clock } = startPrimary(counts)
  await read()
  counts.set(1, 5)
  counts.set(2, undefined)
  expect(await read()).toEqual({ requests: 9, workers: 2 })
  expect(clock.monotonicMs()).toBe(1_000)
})

it('does not fall when a worker ends, nor wait for it', async () => {
  const counts = new Map<number, number | undefined>([
    [1, 3],
    [2, 4],
  ])
  const { read, metrics, clock } = startPrimary(counts)
  await read()
  counts.delete(1)
  metrics.retire(1)
  counts.set(3, 1)
  expect(await read()).toEqual({ requests: 8, workers: 2 })
  counts.set(2, undefined)
  const reading = read()
  counts.delete(2)
  metrics.retire(2)
  expect(await reading).toMatchObject({ requests: 8 })
  expect(clock.monotonicMs()).toBe(0)
})

it('asks the workers once for all who want to know at the same time', async () => {
  const { metrics, asked, clock } = startPrimary(new Map([[1, 3]]))
  const [first, second] = await clock.run(Promise.all([metrics.read(), metrics.read()]))
  expect(first).toBe(second)
  expect(asked).toEqual([1])
})
