import { expect, test } from 'vitest'
import { budgetLeft } from '../../src/observe/slo-panel.tsx'

test.each([
  [1, 0.99, 1],
  [0.995, 0.99, 0.5],
  [0.99, 0.99, 0],
  [0.98, 0.99, -1],
])('with %d good of a goal of %d, %d of the budget is left', (share, goal, left) => {
  expect(budgetLeft(share, goal)).toBeCloseTo(left)
})
