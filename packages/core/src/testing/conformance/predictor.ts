/** What every Predictor must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { PredictionInput, Predictor } from '../../contracts/predictor.ts'
import type { Interval } from '../../model/deployment-plan.ts'
import { frozen, registerCases, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** What the suite is run on. */
export interface PredictorConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Predictor
  /** Questions that the predictor supports; two or more, so that their order can be checked. */
  readonly inputs: readonly PredictionInput[]
  /** One that it does not support, where there is one. */
  readonly unsupported?: PredictionInput | undefined
}

/** How much longer the longer prompt is, and what share of noise a fitted predictor may show against it. */
const longerPrompt = 8
const toleratedShare = 0.05

function assertInterval(name: string, { low, mid, high }: Interval): void {
  const text = `${name} is ${String(low)}, ${String(mid)}, ${String(high)}`
  assert.ok(Number.isFinite(high) && low > 0, `${text}: it must be positive and finite`)
  assert.ok(low <= mid && mid <= high, `${text}: low, mid and high must be in order`)
}

/** Registers the suite: `predictorConformance({ describe, test, name, create, inputs })`. */
export function predictorConformance(options: PredictorConformanceOptions): void {
  const { create, unsupported } = options
  const inputs = frozen([...options.inputs])
  assert.ok(inputs.length >= 2, `${options.name}: give two questions or more`)
  const cases: ConformanceCase[] = [
    [
      'names its contract and itself, and supports what it is said to',
      () => {
        const predictor = create()
        assert.equal(predictor.contract, 'predictor/1')
        assert.match(predictor.id, /^[a-z][a-z0-9-]*$/)
        for (const input of inputs) assert.equal(predictor.supports(input), true)
      },
    ],
    [
      'answers every question, in order, with positive intervals and their basis',
      () => {
        const predictions = create().predict(inputs)
        assert.ok(Array.isArray(predictions), 'predict must answer at once, with a list')
        assert.equal(predictions.length, inputs.length)
        for (const prediction of predictions) {
          assertInterval('timeToFirstTokenMs', prediction.timeToFirstTokenMs)
          assertInterval('timePerOutputTokenMs', prediction.timePerOutputTokenMs)
          assertInterval('outputTokensPerSecond', prediction.outputTokensPerSecond)
          assert.ok(['measured', 'fitted', 'analytical'].includes(prediction.basis))
        }
        assert.deepEqual(create().predict([]), [])
      },
    ],
    [
      'answers a question alone as it does among others, and the same each time',
      () => {
        const predictor = create()
        const together = predictor.predict(inputs)
        for (const [index, input] of inputs.entries()) assert.deepEqual(predictor.predict([input]), [together[index]])
        assert.deepEqual(predictor.predict([...inputs].reverse()), [...together].reverse())
        assert.deepEqual(create().predict(inputs), together)
      },
    ],
    [
      `does not expect the first token of a prompt ${String(longerPrompt)} times as long any sooner`,
      () => {
        const predictor = create()
        let compared = 0
        for (const input of inputs) {
          const longer = frozen({ ...input, workload: { ...input.workload, inputTokens: input.workload.inputTokens * longerPrompt } })
          if (!predictor.supports(longer)) continue
          const [short, long] = predictor.predict([input, longer])
          assert.ok(short !== undefined && long !== undefined)
          assert.ok(long.timeToFirstTokenMs.mid >= short.timeToFirstTokenMs.mid * (1 - toleratedShare))
          compared += 1
        }
        assert.ok(compared > 0, 'no question could be asked with a longer prompt; give shorter ones')
      },
    ],
  ]
  if (unsupported !== undefined) {
    cases.push([
      'says of what it does not support that it does not',
      () => {
        assert.equal(create().supports(frozen(unsupported)), false)
      },
    ])
  }
  registerCases(options, `${options.name} conforms to predictor/1`, cases)
}
