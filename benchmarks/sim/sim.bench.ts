/** Accuracy on measured rows that were held out, and the speed of predictions and of the search. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findHardware, findModel, loadShippedCorrections, noCorrections, optimize, predictReplica, prepareReplica } from '@bud-foundry/sim'
import { createSamples, scorePairs, trainCorrections, validateRows, type Score } from '@bud-foundry/sim/train'
import { currentLoadAverage, report } from '../harness/report.ts'
import { readMeasuredSets } from './measured-sets.ts'
import { problems } from './problems.ts'
import { measureRegret, measureRegretWithinLimit } from './regret.ts'
import { readSiliconSample } from './silicon-sample.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const quick = values.quick
const corrections = await loadShippedCorrections()

/** Microseconds of one corrected prediction for a replica that is prepared, over many loads. */
function measurePrediction(): number {
  const replica = prepareReplica({
    model: findModel('qwen3-32b'),
    hardware: findHardware('h100-sxm'),
    engineId: 'vllm',
    settings: { tensor: 2, maxModelTokens: 8192 },
  })
  const predict = (index: number) =>
    predictReplica(replica, { inputTokens: 500 + (index % 997), outputTokens: 300, concurrency: 1 + (index % 64) }, corrections)
  for (let index = 0; index < 5000; index += 1) predict(index)
  const count = quick ? 20_000 : 100_000
  const startMs = performance.now()
  for (let index = 0; index < count; index += 1) predict(index)
  return ((performance.now() - startMs) * 1000) / count
}

interface Search {
  readonly ms: number
  readonly examined: number
  readonly longestStallMs: number
}

/** A search with a timer beside it that notices how long it is kept waiting. */
async function measureSearch(problem: (typeof problems)[keyof typeof problems]): Promise<Search> {
  await optimize(problem)
  let longestStallMs = 0
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    longestStallMs = Math.max(longestStallMs, nowMs - lastMs - 1)
    lastMs = nowMs
  }, 1)
  const startMs = performance.now()
  const { examined } = await optimize(problem)
  const ms = performance.now() - startMs
  clearInterval(timer)
  return { ms, examined, longestStallMs }
}

const coldSearch = () =>
  Number(execFileSync(process.execPath, [...process.execArgv, join(import.meta.dirname, 'cold-search.ts')], { encoding: 'utf8' }).trim())

const startLoad = currentLoadAverage()
const predictUs = measurePrediction()
const searches = { qwen: await measureSearch(problems.qwen), deepseek: await measureSearch(problems.deepseek) }
const coldMs = coldSearch()
const sample = readSiliconSample()
const { samples, unusable } = await createSamples(
  sample.map(({ columns }) => columns),
  (name) => Promise.resolve(findModel(name)),
)
const trained = await trainCorrections(samples, { trainedOn: 'silicon sample, tier A', folds: quick ? 5 : 20 })
const targetOf = (name: string) => trained.find(({ target }) => target === name)?.report
const tpot = targetOf('time-per-output-token')
const ttft = targetOf('time-to-first-token')
if (tpot === undefined || ttft === undefined) throw new Error('the sample holds both figures')

const exact = (mid: number) => ({ low: mid, mid, high: mid })
const peer = (predicted: 'ttftMs' | 'tpotMs', measured: 'ttft_ms_mean' | 'tpot_ms_mean'): Score =>
  scorePairs(
    sample.flatMap(({ columns, aiconfigurator }) => {
      const value = aiconfigurator[predicted]
      return value === undefined ? [] : [{ measured: Number(columns[measured]), predicted: exact(value) }]
    }),
  )
const byGroup = await validateRows(
  sample.map(({ columns }) => columns),
  { groupBy: ['engine', 'hardware', 'model'], readModel: (name) => Promise.resolve(findModel(name)) },
)
const regret = {
  analytical: measureRegret(sample, noCorrections),
  shipped: measureRegret(sample, corrections),
  analyticalWithinLimit: measureRegretWithinLimit(sample, noCorrections),
  shippedWithinLimit: measureRegretWithinLimit(sample, corrections),
}

/** The other sets, with the shipped correction, which saw none of them, and without. */
async function scoreSets() {
  const sets = []
  for (const { name, about, rows, leftOut } of readMeasuredSets()) {
    const options = { groupBy: ['engine', 'hardware'], readModel: (id: string) => Promise.resolve(findModel(id)) }
    const analytical = await validateRows(rows, options)
    const shipped = await validateRows(rows, { ...options, corrections })
    const reasons = Map.groupBy(analytical.unpredicted, ({ reason }) => reason)
    sets.push({
      ...{ name, about, rows: rows.length, predicted: analytical.predicted },
      leftOut: [...leftOut, ...[...reasons].map(([reason, lines]) => ({ rows: lines.length, reason }))],
      ...{ analytical: analytical.total, shipped: shipped.total },
      groups: shipped.groups,
    })
  }
  return sets
}
const sets = await scoreSets()

const percent = (share: number) => share * 100
const line = (name: string, score: Score) =>
  `${name.padEnd(44)} ${percent(score.meanAbsoluteError).toFixed(1).padStart(6)} ${percent(score.medianAbsoluteError).toFixed(1).padStart(6)} ${percent(score.coverage).toFixed(0).padStart(5)}`
console.log(`${'error, %'.padEnd(44)}   mean median inside`)
for (const { report: one } of trained) {
  console.log(line(`${one.target}, analytical`, one.analytical))
  console.log(line(`${one.target}, held-out configurations`, one.heldOutConfigurations))
  console.log(line(`${one.target}, held-out pairs`, one.heldOutPairs))
}
console.log(
  `one prediction ${predictUs.toFixed(1)} µs; search ${searches.qwen.ms.toFixed(0)} ms (${String(searches.qwen.examined)} configurations)`,
)

report(
  {
    bench: 'sim',
    quick,
    measures: {
      predict_us: predictUs,
      search_ms: searches.qwen.ms,
      search_cold_ms: coldMs,
      search_configs: searches.qwen.examined,
      optimizer_regret: percent(regret.analytical.mean),
      tpot_mape: percent(tpot.heldOutConfigurations.meanAbsoluteError),
      tpot_median: percent(tpot.heldOutConfigurations.medianAbsoluteError),
      ttft_mape: percent(ttft.heldOutConfigurations.meanAbsoluteError),
      ttft_median: percent(ttft.heldOutConfigurations.medianAbsoluteError),
      unseen_tpot_mape: percent(tpot.heldOutPairs.meanAbsoluteError),
      unseen_tpot_median: percent(tpot.heldOutPairs.medianAbsoluteError),
      unseen_ttft_mape: percent(ttft.heldOutPairs.meanAbsoluteError),
      unseen_ttft_median: percent(ttft.heldOutPairs.medianAbsoluteError),
      interval_coverage: percent(Math.min(tpot.heldOutConfigurations.coverage, ttft.heldOutConfigurations.coverage)),
      loop_stall_ms: Math.max(searches.qwen.longestStallMs, searches.deepseek.longestStallMs),
      mooncake_s: null,
    },
    reasons: { mooncake_s: 'the fleet simulator is not part of this version' },
    details: {
      rows: sample.length,
      usedRows: samples.length,
      unusable,
      targets: trained.map(({ report: one }) => one),
      aiconfigurator: { tpot: peer('tpotMs', 'tpot_ms_mean'), ttft: peer('ttftMs', 'ttft_ms_mean') },
      groups: byGroup.groups.map(({ group, scores }) => ({ group, ...scores })),
      regret,
      sets,
      searches,
    },
  },
  startLoad,
)
