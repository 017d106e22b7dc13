import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideReplicas, scheduledReplicas, type ScaleSchedule, type ScaleWish } from '../../src/index.ts'
import { cronOf } from '../../src/scale/schedules.ts'

const office: ScaleSchedule = { name: 'office', weekdays: [1, 2, 3, 4, 5], from: '08:30', minutes: 600, replicas: 4 }
const night: ScaleSchedule = { name: 'night', weekdays: [5, 6], from: '22:00', minutes: 360, replicas: 2 }
const at = (text: string) => Date.parse(text)

describe('schedules', () => {
  test('hold from when they begin to when they end, on the clock of their place', () => {
    // 2026-01-05 is a Monday; Berlin is one hour ahead of UTC then.
    expect(scheduledReplicas([office], at('2026-01-05T08:29:59Z'))).toBeUndefined()
    expect(scheduledReplicas([office], at('2026-01-05T08:30:00Z'))).toBe(4)
    expect(scheduledReplicas([office], at('2026-01-05T07:30:00Z'), 'Europe/Berlin')).toBe(4)
    expect(scheduledReplicas([office], at('2026-01-05T18:30:00Z'))).toBeUndefined()
    expect(scheduledReplicas([office], at('2026-01-04T12:00:00Z'))).toBeUndefined()
  })

  test('pass midnight into days that are not theirs', () => {
    expect(scheduledReplicas([night], at('2026-01-11T03:59:00Z'))).toBe(2)
    expect(scheduledReplicas([night], at('2026-01-11T04:00:00Z'))).toBeUndefined()
    expect(cronOf(night)).toEqual({ start: '0 22 * * 5,6', end: '0 4 * * 6,0'.replace('6,0', '0,6') })
  })

  test('of which several hold give the largest', () => {
    expect(scheduledReplicas([{ ...office, replicas: 2 }, office], at('2026-01-05T12:00:00Z'))).toBe(4)
  })

  test('hold for as many minutes as they say, whenever they begin', () => {
    const schedules = fc.record({
      hour: fc.integer({ min: 0, max: 23 }),
      minutes: fc.integer({ min: 1, max: 1439 }),
      day: fc.integer({ min: 0, max: 6 }),
    })
    fc.assert(
      fc.property(schedules, ({ hour, minutes, day }) => {
        const schedule = { name: 'a', weekdays: [day], from: `${String(hour).padStart(2, '0')}:00`, minutes, replicas: 1 }
        const start = at('2026-01-04T00:00:00Z') + (day * 24 + hour) * 3_600_000
        expect(scheduledReplicas([schedule], start - 1)).toBeUndefined()
        expect(scheduledReplicas([schedule], start)).toBe(1)
        expect(scheduledReplicas([schedule], start + minutes * 60_000 - 1)).toBe(1)
        expect(scheduledReplicas([schedule], start + minutes * 60_000)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })
})

/** A week of a deployment in virtual time: arrivals by hour, replicas that take minutes to start, a queue that grows when there are too few. */
function simulate(options: {
  readonly schedules: readonly ScaleSchedule[]
  readonly minReplicas: number
  readonly usdPerHourMax?: number
}) {
  const perReplica = 10
  const stepMs = 60_000
  const startupSteps = 5
  const starting: number[] = []
  let [ready, queue, waited, cost, peak, requests, idleSteps] = [options.minReplicas, 0, 0, 0, 0, 0, 0]
  let wishes: readonly ScaleWish[] = []
  let lastRequestMs = at('2026-01-05T00:00:00Z')
  for (let nowMs = at('2026-01-05T00:00:00Z'); nowMs < at('2026-01-12T00:00:00Z'); nowMs += stepMs) {
    const date = new Date(nowMs)
    const works = date.getUTCDay() >= 1 && date.getUTCDay() <= 5 && date.getUTCHours() >= 8 && date.getUTCHours() < 18
    const arriving = works ? 35 : 0
    requests += arriving
    if (arriving > 0) lastRequestMs = nowMs
    for (let index = starting.length - 1; index >= 0; index -= 1) {
      starting[index] = (starting[index] ?? 0) - 1
      if (starting[index] === 0) {
        starting.splice(index, 1)
        ready += 1
      }
    }
    queue = Math.max(0, queue + arriving - ready * perReplica)
    waited += queue
    const replicas = ready + starting.length
    if (replicas === 0) idleSteps += 1
    peak = Math.max(peak, replicas)
    cost += (replicas * 2) / 60
    const decision = decideReplicas(
      {
        nowMs,
        replicas,
        readyReplicas: ready,
        signals: replicas === 0 ? [] : [{ name: 'load', value: (arriving + queue) / Math.max(1, replicas), target: perReplica }],
        requestsOpen: arriving + queue,
        lastRequestMs,
        scheduled: scheduledReplicas(options.schedules, nowMs),
      },
      {
        minReplicas: options.minReplicas,
        maxReplicas: 8,
        usdPerReplicaHour: 2,
        ...(options.usdPerHourMax === undefined ? {} : { usdPerHourMax: options.usdPerHourMax }),
      },
      wishes,
    )
    wishes = decision.wishes
    for (let more = decision.replicas - replicas; more > 0; more -= 1) starting.push(startupSteps)
    for (let less = replicas - decision.replicas; less > 0; less -= 1) if (starting.pop() === undefined) ready -= 1
  }
  return { queue, minutesWaitedPerRequest: waited / requests, cost, peak, idleShare: idleSteps / (7 * 24 * 60) }
}

describe('a week in virtual time', () => {
  const always = 8 * 2 * 24 * 7

  test('costs nothing while nobody asks, and answers everything', () => {
    const week = simulate({ schedules: [], minReplicas: 0 })
    expect(week.queue).toBe(0)
    expect(week.idleShare).toBeGreaterThan(0.6)
    expect(week.cost).toBeLessThan(always / 4)
  })

  test('waits less in the mornings when a schedule has replicas ready', () => {
    const cold = simulate({ schedules: [], minReplicas: 0 })
    const warm = simulate({
      schedules: [{ name: 'mornings', weekdays: [1, 2, 3, 4, 5], from: '07:50', minutes: 30, replicas: 4 }],
      minReplicas: 0,
    })
    expect(warm.minutesWaitedPerRequest).toBeLessThan(cold.minutesWaitedPerRequest / 4)
    expect(warm.idleShare).toBeGreaterThan(0.6)
  })

  test('never costs more than its budget, even when answers then wait', () => {
    const week = simulate({ schedules: [], minReplicas: 1, usdPerHourMax: 5 })
    expect(week.peak).toBeLessThanOrEqual(2)
  })
})
