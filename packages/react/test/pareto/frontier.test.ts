/** The frontier of plans. */
import { expect, test } from 'vitest'
import { defaultStrings } from '../../src/format/strings.ts'
import { toPlanTitle } from '../../src/plan-list/plan-title.ts'
import { toParetoPoints, toRoundAbove } from '../../src/pareto/frontier.ts'
import { samplePlan, samplePlans } from '../support/sample-data.ts'

test('a plan is on the frontier exactly when no other beats it in both', () => {
  const points = toParetoPoints(samplePlans())
  expect(points.some(({ isFrontier }) => isFrontier)).toBe(true)
  for (const point of points) {
    const isBeaten = points.some(({ x, y }) => x >= point.x && y >= point.y && (x > point.x || y > point.y))
    expect(point.isFrontier).toBe(!isBeaten)
  }
  expect(points.map(({ x }) => x)).toEqual(points.map(({ x }) => x).toSorted((left, right) => left - right))
})

test.each([
  [0, 1],
  [1, 1],
  [101, 200],
  [2_796, 5_000],
  [0.03, 0.05],
])('the axis of %d ends at %d', (value, end) => {
  expect(toRoundAbove(value)).toBeCloseTo(end, 9)
})

test('the devices of a replica are counted once, however many nodes they stand in', () => {
  const plan = samplePlan({ replicas: 2, devicesPerReplica: 16, nodesPerReplica: 2 })
  expect(toParetoPoints([plan])[0]?.y).toBeCloseTo(plan.predicted.outputTokensPerSecond.mid / 32)
  expect(toPlanTitle(plan, defaultStrings)).toBe('32 × h100-sxm')
})
