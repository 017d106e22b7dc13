/** Training with ml-xgboost: what it learns is what our scorer says, and its limits are met with words. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toXgboostJson, toXgboostText } from '../../src/train/model-json.ts'
import { trainBooster, trainRobustBooster } from '../../src/train/booster.ts'
import { loadTreeModel } from '../../src/trees/tree-model.ts'

const options = { depth: 4, trees: 40, learningRate: 0.2, rowShare: 1, featureShare: 1, minimumChildWeight: 1, regularization: 1, seed: 1 }
const table = Array.from({ length: 300 }, (_, row) => [row % 17, Math.sin(row), (row * 7919) % 101])
const targets = table.map(([a = 0, b = 0, c = 0]) => 0.1 * a + b - (c > 50 ? 1 : 0))
const modelOf = async (rows: readonly (readonly number[])[], values: readonly number[]) =>
  loadTreeModel(toXgboostJson({ bags: [await trainBooster(rows, values, options)], featureNames: ['a', 'b', 'c'], attributes: {} }))

describe('training', () => {
  it('learns the targets, and our scorer reads what it learned', async () => {
    const model = await modelOf(table, targets)
    const errors = table.map((row, index) => Math.abs((model.predictMargin(row)[0] ?? 0) - (targets[index] ?? 0)))
    expect(Math.max(...errors)).toBeLessThan(0.4)
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.05)
  })

  it('is moved little by rows that nothing explains, when the loss is robust', async () => {
    const spoiled = targets.map((target, index) => (index % 23 === 0 ? target + 40 : target))
    const meanError = (trees: Awaited<ReturnType<typeof trainBooster>>) => {
      const model = loadTreeModel(toXgboostJson({ bags: [trees], featureNames: ['a', 'b', 'c'], attributes: {} }))
      const errors = table.flatMap((row, index) =>
        index % 23 === 0 ? [] : [Math.abs((model.predictMargin(row)[0] ?? 0) - (targets[index] ?? 0))],
      )
      return errors.reduce((sum, error) => sum + error, 0) / errors.length
    }
    const robust = await trainRobustBooster(table, spoiled, { ...options, trees: 60, loss: { firstBound: 1, lastBound: 0.1, tilt: 0 } })
    expect(robust).toHaveLength(60)
    expect(meanError(robust)).toBeLessThan(meanError(await trainBooster(table, spoiled, options)) / 2)
  })

  it('gives the same trees for the same seed', async () => {
    const [first, second] = [
      await trainBooster(table, targets, { ...options, rowShare: 0.5 }),
      await trainBooster(table, targets, { ...options, rowShare: 0.5 }),
    ]
    expect(second).toEqual(first)
    expect(await trainBooster(table, targets, { ...options, rowShare: 0.5, seed: 2 })).not.toEqual(first)
  })

  it('takes NaN as missing and −1 as a number', async () => {
    const rows = table.map(([a = 0], index) => [index % 3 === 0 ? Number.NaN : index % 3 === 1 ? -1 : 1, a, 0])
    const values = rows.map(([a = 0]) => (Number.isNaN(a) ? 5 : a < 0 ? 1 : 3))
    const model = await modelOf(rows, values)
    expect(model.predictMargin([Number.NaN, 4, 0])[0]).toBeCloseTo(5, 1)
    expect(model.predictMargin([-1, 4, 0])[0]).toBeCloseTo(1, 1)
    expect(model.predictMargin([1, 4, 0])[0]).toBeCloseTo(3, 1)
  })

  it('writes floats as floats and integers as integers, which XGBoost insists on', async () => {
    const model = toXgboostJson({
      bags: [await trainBooster(table, targets, { ...options, trees: 2 })],
      featureNames: ['a', 'b', 'c'],
      attributes: {},
    })
    const text = toXgboostText(model)
    for (const [, values = ''] of text.matchAll(/"(?:base_weights|loss_changes|split_conditions|sum_hessian)":\[([^\]]*)\]/g))
      for (const value of values.split(',')) expect(value).toMatch(/[.eE]/)
    expect(text).toMatch(/"left_children":\[[-\d,]+\]/)
    expect(JSON.parse(text)).toEqual(model)
  })

  it('averages bags', async () => {
    const bags = [await trainBooster(table, targets, options), await trainBooster(table, targets, { ...options, depth: 2 })]
    const models = [bags.slice(0, 1), bags.slice(1), bags].map((some) =>
      loadTreeModel(toXgboostJson({ bags: some, featureNames: ['a', 'b', 'c'], attributes: {} })),
    )
    fc.assert(
      fc.property(fc.tuple(fc.nat(20), fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(120)), (row) => {
        const [one = 0, other = 0, mean = 0] = models.map((model) => model.predictMargin(row)[0])
        expect(mean).toBeCloseTo((one + other) / 2, 5)
      }),
    )
  })

  it.each([
    ['no rows', [], [], /no rows/],
    ['a target that is no number', [[1]], [Number.NaN], /finite target/],
    ['more than the engine can hold', Array.from({ length: 1_200_001 }, () => [1]), [], /more than the 1200000 values/],
  ])('refuses %s', async (_, rows, values, reason) => {
    await expect(trainBooster(rows, values, options)).rejects.toThrow(reason)
  })
})
