/** Validation of measured rows: figures under each of their names, and every row accounted for. */
import { describe, expect, it } from 'vitest'
import { findModel, noCorrections } from '@bud-foundry/sim'
import { trainCorrections, validateRows } from '@bud-foundry/sim/train'
import { createSamples, trainingRowsMax } from '../../src/train/samples.ts'
import { measuredFigures, readMeasurement } from '../../src/validate/measurement.ts'
import { predictMeasurement } from '../../src/validate/predict-row.ts'

const row = (changes: Readonly<Record<string, string>> = {}) => ({
  model: 'qwen/qwen3-32b',
  hardware: 'h100-sxm',
  tp: '2',
  engine: 'vllm',
  isl: '1024',
  osl: '512',
  concurrency: '16',
  tpot_ms_mean: '16',
  ...changes,
})
const readModel = (name: string) => Promise.resolve(findModel(name))
const settingsOf = (changes: Readonly<Record<string, string>>) => {
  const read = readMeasurement(row(changes))
  const predicted = read.ok ? predictMeasurement(read.row, findModel(read.row.model), noCorrections) : 'unreadable'
  return typeof predicted === 'string' ? predicted : predicted.replica.settings
}

describe('validateRows', () => {
  it('accounts for every row: scored, or listed by line with the reason', async () => {
    const rows = [
      row(),
      row({ tpot_ms_mean: '' }),
      row({ tp: '1', model: 'deepseek-ai/DeepSeek-V3' }),
      row({ hardware: 'abacus' }),
      row({ isl: 'many' }),
    ]
    const report = await validateRows(rows, { groupBy: ['engine'], readModel })
    expect(report.predicted).toBe(1)
    expect(report.unpredicted.map(({ line }) => line)).toEqual([3, 4, 5, 6])
    expect(report.unpredicted.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('no figure that is predicted'),
      expect.stringContaining('does not fit'),
      expect.stringContaining('abacus'),
      expect.stringContaining('isl'),
    ])
    expect(report.groups.map(({ group, scores }) => [group, scores.tpot?.rows])).toEqual([['vllm', 1]])
  })
})

describe('what a file contains beside the format', () => {
  it('is named: percentiles that are not predicted, and names that may be misspelt', async () => {
    const { ignoredColumns } = await validateRows([row({ ttft_ms_p99: '90', ttft_mean: '80', site: 'here', shift: 'late' })], {
      groupBy: ['site'],
      readModel,
    })
    expect(ignoredColumns).toEqual([
      { column: 'ttft_ms_p99', reason: expect.stringContaining('no other percentiles') },
      { column: 'ttft_mean', reason: expect.stringContaining("did you mean 'ttft_ms_mean'") },
      { column: 'shift', reason: 'not in the format' },
    ])
  })

  it('does not make up a load where a row has none', async () => {
    const { unpredicted } = await validateRows([row({ concurrency: '' })], { groupBy: [], readModel })
    expect(unpredicted).toEqual([{ line: 2, reason: expect.stringContaining('concurrency: neither it nor request_rate is given') }])
  })
})

describe('a file of more rows than ml-xgboost holds', () => {
  it('is refused before anything is predicted', async () => {
    const rows = Array.from({ length: trainingRowsMax + 1 }, () => row())
    const asked: string[] = []
    const reading = createSamples(rows, (name) => {
      asked.push(name)
      return readModel(name)
    })
    await expect(reading).rejects.toThrow('29269 rows of one figure are more than the 29268 that ml-xgboost can hold')
    expect(asked).toEqual([])
  })
})

describe('measured figures', () => {
  it('are means, then medians, and the time between tokens counts as that per token', () => {
    const figures = (changes: Readonly<Record<string, string>>) => {
      const read = readMeasurement(row({ tpot_ms_mean: '', ...changes }))
      return read.ok ? measuredFigures(read.row).tpot : undefined
    }
    expect([
      figures({ tpot_ms_mean: '1', tpot_ms_p50: '2', itl_ms_mean: '3' }),
      figures({ tpot_ms_p50: '2', itl_ms_mean: '3' }),
      figures({ itl_ms_mean: '3' }),
      figures({ itl_ms_p50: '4' }),
    ]).toEqual([1, 2, 3, 4])
  })
})

describe('the format of the cache', () => {
  it('is that of the row, then that of the usual checkpoint', () => {
    expect(settingsOf({})).toMatchObject({ weights: 'bf16', kvCache: 'bf16' })
    expect(settingsOf({ kv_precision: 'fp8' })).toMatchObject({ kvCache: 'fp8' })
    expect(settingsOf({ engine: 'trtllm', precision: 'fp8' })).toMatchObject({ kvCache: 'fp8' })
    expect(settingsOf({ precision: 'fp8' })).toMatchObject({ kvCache: 'bf16' })
    expect(settingsOf({ precision: 'fp4', hardware: 'b200-sxm' })).toMatchObject({ kvCache: 'fp8' })
  })
})

describe('splits and spellings of a row', () => {
  it('fill a missing tensor split from the devices, and take what is left for replicas', () => {
    expect(settingsOf({ tp: '', device_count: '4' })).toMatchObject({ tensor: 4, data: 1 })
    expect(settingsOf({ tp: '8', dp: '8', device_count: '8', ep: '8', model: 'deepseek-v3', hardware: 'h200-sxm' })).toMatchObject({
      tensor: 1,
      data: 8,
    })
    const read = readMeasurement(row({ tp: '2', device_count: '8' }))
    expect(read.ok && [read.row.tp, read.row.replicas]).toEqual([2, 4])
    const wrong = readMeasurement(row({ tp: '4', device_count: '6' }))
    expect(wrong.ok ? [] : wrong.issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'device_count: 6 devices are not what tp 4 × pp 1 × dp 1 use',
    ])
  })

  it('let replicas share the load and add up their tokens', async () => {
    const one = { tpot_ms_mean: '16', output_tokens_per_s: '1000' }
    const score = async (changes: Readonly<Record<string, string>>) =>
      (await validateRows([row({ ...one, ...changes })], { groupBy: [], readModel })).total
    const single = await score({})
    const four = await score({ device_count: '8', concurrency: '64', output_tokens_per_s: '4000' })
    expect(four.tpot?.bias).toBeCloseTo(single.tpot?.bias ?? Number.NaN, 9)
    expect(four.throughput?.bias).toBeCloseTo(single.throughput?.bias ?? Number.NaN, 9)
  })

  it('are read in the words of engines and load generators', () => {
    expect(settingsOf({ precision: 'NVFP4', hardware: 'b200-sxm' })).toMatchObject({ weights: 'fp4' })
    expect(settingsOf({ precision: 'fp8_block', kv_precision: 'auto' })).toMatchObject({ weights: 'fp8' })
    expect(settingsOf({ precision: 'bfloat16' })).toMatchObject({ weights: 'bf16' })
    const read = readMeasurement(row({ request_rate: 'inf' }))
    expect(read.ok && [read.row.request_rate, read.row.concurrency]).toEqual([undefined, 16])
  })
})

describe('held-out rows', () => {
  it('come with what was measured and what two kinds of strangers say', async () => {
    const rows = ['qwen/qwen3-32b', 'qwen/qwen3-8b'].flatMap((model) =>
      ['1', '2', '4'].flatMap((tp) =>
        ['4', '16', '64'].map((concurrency) => row({ model, tp, concurrency, tpot_ms_mean: String(10 + Number(concurrency)) })),
      ),
    )
    const { samples } = await createSamples(rows, readModel)
    const [trained] = await trainCorrections(samples, { trainedOn: 'a test', booster: { trees: 10 } })
    expect(trained?.heldOut.map(({ sample }) => sample)).toEqual(samples.map((_, index) => index))
    for (const { sample, measuredMs, byConfigurationMs, byPairMs } of trained?.heldOut ?? []) {
      expect(measuredMs).toBeCloseTo(Number(rows[sample]?.tpot_ms_mean), 6)
      expect(byConfigurationMs).toBeGreaterThan(0)
      expect(byPairMs).toBeGreaterThan(0)
    }
  })
})
