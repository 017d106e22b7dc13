/** The scorer against XGBoost's own predictions; see fixtures/make-fixtures.py. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBudError } from '@bud-foundry/core'
import { loadTreeModel } from '../../src/trees/tree-model.ts'

interface Fixture {
  readonly name: string
  readonly rows: readonly (readonly (number | null)[])[]
  readonly margins: readonly (readonly number[])[]
  readonly predictions: readonly (readonly number[])[]
  readonly json: string
  readonly ubjson: string
}

const readFixtures = (version: string): readonly Fixture[] =>
  // Written by the script beside it.
  (JSON.parse(readFileSync(join(import.meta.dirname, `fixtures/xgboost-${version}.json`), 'utf8')) as { fixtures: readonly Fixture[] })
    .fixtures

const featuresOf = (row: readonly (number | null)[]) => Float32Array.from(row, (value) => value ?? Number.NaN)
/** Distance in units of the last place of a 32-bit float. */
const ulps = (left: number, right: number) => Math.abs(left - right) / 2 ** (Math.floor(Math.log2(Math.max(Math.abs(right), 1e-30))) - 23)

describe.each(['1.7.6', '2.1.4', '3.2.0'])('models of XGBoost %s', (version) => {
  it.each(readFixtures(version).map((fixture) => [fixture.name, fixture] as const))(
    '%s: sums are bit-exact, in both formats',
    (_, fixture) => {
      const forms = [fixture.json, new TextEncoder().encode(fixture.json), Buffer.from(fixture.ubjson, 'base64')]
      for (const form of forms) {
        const model = loadTreeModel(form)
        expect(fixture.rows.map((row) => [...model.predictMargin(featuresOf(row))])).toEqual(fixture.margins)
      }
    },
  )

  it.each(readFixtures(version).map((fixture) => [fixture.name, fixture] as const))(
    '%s: predictions agree to two units in the last place',
    (_, fixture) => {
      const model = loadTreeModel(fixture.json)
      for (const [index, row] of fixture.rows.entries()) {
        const expected = fixture.predictions[index] ?? []
        const actual = model.predict(featuresOf(row))
        expect(actual).toHaveLength(expected.length)
        for (const [output, value] of actual.entries()) expect(ulps(value, expected[output] ?? Number.NaN)).toBeLessThanOrEqual(2)
      }
    },
  )
})

const first = readFixtures('1.7.6').find(({ name }) => name === 'squared')
if (first === undefined) throw new Error('the fixture is missing')
const withTree = (change: Readonly<Record<string, unknown>>): object => {
  const copy = JSON.parse(first.json) as { learner: { gradient_booster: { model: { trees: Record<string, unknown>[] } } } } // The shape of the fixture above.
  Object.assign(copy.learner.gradient_booster.model.trees[0] ?? {}, change)
  return copy
}

describe('a model that is none', () => {
  it.each([
    ['text', '{"learner":', /no JSON/],
    ['another object', { trees: [] }, /not in the form/],
    ['the old binary format', new TextEncoder().encode('binf\0\0\0'), /no UBJSON marker/],
    [
      'a linear booster',
      {
        learner: {
          learner_model_param: { base_score: '1', num_feature: '1' },
          objective: { name: 'reg:squarederror' },
          gradient_booster: { name: 'gblinear' },
        },
      },
      /gbtree or dart/,
    ],
    [
      'a tree with children but no nodes',
      withTree({ left_children: first.rows.map(() => 0), right_children: first.rows.map(() => 0) }),
      /nodes and/,
    ],
  ])('is refused with the reason: %s', (_, content, reason) => {
    expect(() => loadTreeModel(content)).toThrow(reason)
  })

  it('is refused when a walk might not end', () => {
    const tree = {
      left_children: [1, 0, -1],
      right_children: [2, 2, -1],
      split_indices: [0, 0, 0],
      split_conditions: [0, 0, 0],
      default_left: [0, 0, 0],
    }
    expect(() => loadTreeModel(withTree(tree))).toThrow(/reaches node/)
  })

  it('never fails otherwise, whatever bytes it is given', () => {
    const valid = Buffer.from(first.ubjson, 'base64')
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(valid.length), (at, byte, end) => {
        const bytes = Uint8Array.from(valid)
        bytes[at] = byte
        try {
          loadTreeModel(bytes.subarray(0, Math.max(at + 1, end)))
        } catch (error) {
          if (!isBudError(error)) throw error
        }
      }),
      { numRuns: 300 },
    )
  })
})
