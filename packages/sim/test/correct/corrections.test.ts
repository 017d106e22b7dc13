/** The shipped corrections: sane, bounded, silent far from what they were trained on, and small enough to ship. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createPredictor,
  findHardware,
  findModel,
  loadCorrections,
  loadShippedCorrections,
  noCorrections,
  predictReplica,
  prepareReplica,
} from '@bud-foundry/sim'
import { correctionFeatures, familiarity } from '../../src/correct/features.ts'
import { engineVersionNumber } from '../../src/engine/engine-version.ts'

const folder = join(import.meta.dirname, '../../src/correct/shipped')
const files = ['time-per-output-token.json', 'time-to-first-token.json'].map((name) => join(folder, name))
const corrections = await loadShippedCorrections()
const replicaOn = (hardwareId: string, model = 'qwen/qwen3-32b', engineId = 'vllm') =>
  prepareReplica({ model: findModel(model), hardware: findHardware(hardwareId), engineId, settings: { tensor: 2, maxModelTokens: 8192 } })
const workload = { inputTokens: 1024, outputTokens: 512, concurrency: 16 }

describe('the shipped corrections', () => {
  it('take at most 1.5 MB together', () => {
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(1.5e6)
  })

  it('are plain XGBoost models that say what they were trained on', () => {
    expect(corrections.timePerOutputToken?.notes).toMatchObject({ target: 'time-per-output-token', features: correctionFeatures })
    expect(corrections.timeToFirstToken?.notes.rows).toBeGreaterThan(1000)
    expect(corrections.timeToFirstToken?.notes.trainedOn).toMatch(/Apache-2\.0/)
  })

  it('count where measurements are near, and hardly where none are', () => {
    const near = predictReplica(replicaOn('h100-sxm'), workload, corrections)
    const far = predictReplica(replicaOn('mi300x'), workload, corrections)
    expect(near?.familiarity).toBeGreaterThan(0.9)
    expect(near?.prediction.basis).toBe('fitted')
    expect(far?.familiarity).toBeLessThan(0.3)
    expect(far?.prediction.basis).toBe('analytical')
  })

  it('widen the interval where nothing near was measured', () => {
    const width = (hardwareId: string) => {
      const interval = predictReplica(replicaOn(hardwareId), workload, corrections)?.prediction.timePerOutputTokenMs
      return interval === undefined ? Number.NaN : interval.high / interval.low
    }
    expect(width('mi300x')).toBeGreaterThan(width('h100-sxm'))
  })

  it('never change a prediction by more than their bound, and keep low ≤ mid ≤ high', () => {
    const anyCase = fc.record({
      hardware: fc.constantFrom('h100-sxm', 'h200-sxm', 'b200-sxm', 'a100-sxm-80gb', 'l40s', 'mi300x'),
      inputTokens: fc.integer({ min: 1, max: 4000 }),
      outputTokens: fc.integer({ min: 1, max: 4000 }),
      concurrency: fc.integer({ min: 1, max: 2000 }),
    })
    fc.assert(
      fc.property(anyCase, ({ hardware, ...load }) => {
        const replica = replicaOn(hardware)
        const plain = predictReplica(replica, load, noCorrections)
        const corrected = predictReplica(replica, load, corrections)
        if (plain === undefined || corrected === undefined) throw new Error('a closed loop always has a prediction')
        const ratio = corrected.estimate.timePerOutputTokenSeconds / plain.estimate.timePerOutputTokenSeconds
        expect(Math.abs(Math.log(ratio))).toBeLessThanOrEqual((corrections.timePerOutputToken?.notes.largest ?? 0) + 1e-9)
        for (const interval of [
          corrected.prediction.timeToFirstTokenMs,
          corrected.prediction.timePerOutputTokenMs,
          corrected.prediction.endToEndMs,
        ])
          expect([interval.low <= interval.mid, interval.mid <= interval.high, interval.low > 0]).toEqual([true, true, true])
      }),
    )
  })

  it('serve the predictor contract', () => {
    const predictor = createPredictor(corrections)
    const input = {
      model: findModel('qwen3-8b'),
      hardware: findHardware('h100-sxm'),
      deviceCount: 1,
      engineId: 'vllm',
      settings: {},
      workload,
    }
    expect(predictor.id).toBe('corrected')
    expect(predictor.predict([input])[0]?.timePerOutputTokenMs.mid).toBeGreaterThan(0)
  })
})

describe('a correction from elsewhere', () => {
  const model = (change: (notes: Record<string, unknown>) => void): object => {
    const read = JSON.parse(readFileSync(files[0] ?? '', 'utf8')) as { learner: { attributes: Record<string, string> } } // The shipped file.
    const notes = JSON.parse(read.learner.attributes['bud-sim'] ?? '') as Record<string, unknown> // Written as an object.
    change(notes)
    read.learner.attributes['bud-sim'] = JSON.stringify(notes)
    return read
  }

  it.each([
    ['other features', (notes: Record<string, unknown>) => (notes['features'] = ['x']), /other features/],
    ['no places', (notes: Record<string, unknown>) => (notes['seen'] = []), /attribute 'bud-sim' is wrong: seen/],
  ])('is refused with %s', (_, change, reason) => {
    expect(() => loadCorrections([model(change)])).toThrow(reason)
  })

  it('is refused without its notes', () => {
    expect(() => loadCorrections([{ learner: {} }])).toThrow(/attribute 'bud-sim' is missing/)
  })
})

it('reads engine versions as numbers', () => {
  expect(['0.18.0', 'v0.11.2', '1.2.0rc2', 'nightly', undefined].map(engineVersionNumber)).toEqual([18, 11, 102, Number.NaN, Number.NaN])
  expect(familiarity([1, 2], [[1, 2]])).toBe(1)
  expect(familiarity([1, 2], [[4, 2]])).toBeLessThan(0.001)
})
