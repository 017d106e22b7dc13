/** Writes docs/accuracy.md from the result of `npm run bench:sim`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const scoreSchema = z.looseObject({
  rows: z.number(),
  meanAbsoluteError: z.number(),
  medianAbsoluteError: z.number(),
  bias: z.number(),
  rankCorrelation: z.number(),
  within20Percent: z.number(),
  coverage: z.number(),
})
const resultSchema = z.looseObject({
  commit: z.string(),
  date: z.string(),
  node: z.string(),
  loadAverage: z.number(),
  machine: z.looseObject({ cpu: z.string(), cores: z.number() }),
  measures: z.record(z.string(), z.number().nullable()),
  details: z.looseObject({
    rows: z.number(),
    usedRows: z.number(),
    unusable: z.array(z.looseObject({ reason: z.string() })),
    aiconfigurator: z.object({ tpot: scoreSchema, ttft: scoreSchema }),
    regret: z.record(z.string(), z.object({ mean: z.number(), median: z.number(), groups: z.number() })),
    targets: z.array(
      z.looseObject({
        target: z.string(),
        configurations: z.number(),
        pairs: z.number(),
        analytical: scoreSchema,
        heldOutConfigurations: scoreSchema,
        heldOutPairs: scoreSchema,
      }),
    ),
    groups: z.array(z.object({ group: z.string(), tpot: scoreSchema, ttft: scoreSchema })),
    sets: z.array(
      z.object({
        name: z.string(),
        about: z.string(),
        rows: z.number(),
        predicted: z.number(),
        leftOut: z.array(z.object({ rows: z.number(), reason: z.string() })),
        analytical: z.record(z.string(), scoreSchema),
        shipped: z.record(z.string(), scoreSchema),
        groups: z.array(z.object({ group: z.string(), scores: z.record(z.string(), scoreSchema) })),
      }),
    ),
  }),
})
type Result = z.infer<typeof resultSchema>
type Score = z.infer<typeof scoreSchema>

const percent = (share: number) => (share * 100).toFixed(1)
const cells = (...values: readonly (string | number)[]) => `| ${values.join(' | ')} |`
const scoreCells = (name: string, score: Score, intervals = true) =>
  cells(
    name,
    score.rows,
    `${percent(score.meanAbsoluteError)} / ${percent(score.medianAbsoluteError)}`,
    percent(score.bias),
    score.rankCorrelation.toFixed(2),
    percent(score.within20Percent),
    intervals ? percent(score.coverage) : '–',
  )
const header = [
  cells('', 'rows', 'error %, mean / median', 'median bias %', 'rank', 'within 20 %', 'inside interval %'),
  '| --- | --- | --- | --- | --- | --- | --- |',
]

function figure({ details }: Result, target: string, title: string, peer: Score): readonly string[] {
  const report = details.targets.find((one) => one.target === target)
  if (report === undefined) throw new Error(`the result holds no ${target}; run npm run bench:sim again`)
  return [
    `### ${title}`,
    '',
    ...header,
    scoreCells(`held-out configurations (${String(report.configurations)})`, report.heldOutConfigurations),
    scoreCells(`held-out pairs of model and device (${String(report.pairs)})`, report.heldOutPairs),
    scoreCells('analytical alone, no correction', report.analytical),
    scoreCells('AIConfigurator 0.10, on the rows that it covers', peer, false),
    '',
  ]
}

const peerScoreSchema = scoreSchema.omit({ coverage: true })
const comparisonSchema = z.object({ peer: peerScoreSchema, oursByConfiguration: peerScoreSchema, oursByPair: peerScoreSchema })
const peersSchema = z.looseObject({
  date: z.string(),
  rows: z.number(),
  peers: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string(),
      refused: z.record(z.string(), z.number()).optional(),
      search: z.object({ processSeconds: z.number(), searchSeconds: z.number().nullable() }).optional(),
      figures: z.object({ 'time-per-output-token': comparisonSchema, 'time-to-first-token': comparisonSchema }),
    }),
  ),
})

/** Peers on the rows that they predict, and ours, held out, on the same ones. */
function comparePeers(coldMs: string): readonly string[] {
  const file = new URL('../results/sim-peers.json', import.meta.url)
  if (!existsSync(file)) return []
  const { date, peers } = peersSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const pair = (score: z.output<typeof peerScoreSchema>) => `${percent(score.meanAbsoluteError)} / ${percent(score.medianAbsoluteError)}`
  const lines = peers.flatMap(({ name, version, figures }) =>
    (['time-per-output-token', 'time-to-first-token'] as const).map((target) => {
      const { peer, oursByConfiguration, oursByPair } = figures[target]
      return cells(`${name} ${version}`, target.replaceAll('-', ' '), peer.rows, pair(peer), pair(oursByConfiguration), pair(oursByPair))
    }),
  )
  const search = peers.find((peer) => peer.search !== undefined)?.search
  return [
    '## Beside others, on the rows that they predict',
    '',
    `Run ${date.slice(0, 10)} by \`benchmarks/sim/peers/predict-rows.py\` from what is on PyPI; error %, mean / median. Ours never saw the configuration, or the pair of model and device. AIConfigurator was tuned on this sample; GenZ knows single steps, so that its first token is that of a prompt alone.`,
    '',
    cells('', 'figure', 'rows', 'theirs', 'ours, unseen configurations', 'ours, unseen pairs'),
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    ...(search === undefined
      ? []
      : [
          `Search for Qwen3-32B in FP8 on 32 H200, aggregated and disaggregated, in a new process: AIConfigurator ${search.processSeconds.toFixed(1)} s${search.searchSeconds === null ? '' : `, of which ${search.searchSeconds.toFixed(1)} s by its own word are the search`}; ours ${coldMs} ms, both as well.`,
          '',
        ]),
    'Vidur (0.0.26) predicts no row: its package on PyPI holds none of the profiles that it predicts from.',
    '',
  ]
}

const figureNames: Readonly<Record<string, string>> = {
  ttft: 'time to first token',
  tpot: 'time per output token',
  e2e: 'end-to-end time',
  throughput: 'tokens per second',
}

/** Sets that nothing was trained on: how far predictions hold elsewhere. */
function otherSets({ details }: Result): readonly string[] {
  const lines = details.sets.flatMap(({ name, shipped, analytical }) =>
    Object.entries(shipped).map(([figure, score]) => {
      const plain = analytical[figure]
      return cells(
        name,
        figureNames[figure] ?? figure,
        score.rows,
        `${percent(score.meanAbsoluteError)} / ${percent(score.medianAbsoluteError)}`,
        percent(score.bias),
        score.rankCorrelation.toFixed(2),
        percent(score.coverage),
        plain === undefined ? '–' : `${percent(plain.meanAbsoluteError)} / ${percent(plain.medianAbsoluteError)}`,
      )
    }),
  )
  const groups = details.sets.flatMap(({ name, groups }) =>
    groups.length < 2
      ? []
      : groups.flatMap(({ group, scores }) =>
          Object.entries(scores).map(([figure, score]) =>
            cells(name, group, figureNames[figure] ?? figure, score.rows, percent(score.medianAbsoluteError), percent(score.bias)),
          ),
        ),
  )
  return [
    '## Other measurements',
    '',
    'Of these nothing was learned by the correction; what the analytical part took from them is said beside its constants. The predictions are those that ship. MLPerf Inference v4.1 names neither splits nor lengths, so that none of its rows can be predicted.',
    '',
    ...details.sets.map(
      ({ name, about, rows, predicted }) => `- ${name}: ${about}. ${String(predicted)} of ${String(rows)} rows are predicted.`,
    ),
    '',
    cells('', 'figure', 'rows', 'error %, mean / median', 'median bias %', 'rank', 'inside interval %', 'analytical alone'),
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    'By engine and device:',
    '',
    cells('', 'engine, device', 'figure', 'rows', 'median error %', 'median bias %'),
    '| --- | --- | --- | --- | --- | --- |',
    ...groups,
    '',
    'Rows that are not predicted:',
    '',
    ...details.sets.flatMap(({ name, leftOut }) => leftOut.map(({ rows, reason }) => `- ${name}, ${String(rows)} rows: ${reason}.`)),
    '',
  ]
}

function weaknesses({ details, measures }: Result): readonly string[] {
  const worst = [...details.groups].sort((left, right) => right.tpot.medianAbsoluteError - left.tpot.medianAbsoluteError).slice(0, 5)
  return [
    '## Where it is weak',
    '',
    `- Time to first token is the weakest figure: ${String(measures['ttft_mape'])} % in the mean. It depends on how the load arrives, which the rows do not say: benchmarks that start all requests at once and those that spread them differ by multiples at the same concurrency.`,
    '- The means are far above the medians because some measurements fit no model of an engine, and are kept in every mean: 3.6 to 27 ms per token for 512 requests to gpt-oss-120b on H100, less than a quarter as many would take; 28 to 169 ms per token for Qwen3-32B on GB200 where two H100 take 10 to 30; rows whose concurrency is not stated.',
    '- Qwen3-235B in FP8 with vLLM 0.12 on H200 is measured at half the speed that its kernels allow; nothing in a row tells so, and only rows of the same pair teach it.',
    '- For a model and device that were never measured together the correction is faded out, so the error there is that of the analytical part.',
    `- Choosing by prediction among the configurations that were measured for the same load loses ${percent(details.regret['analytical']?.mean ?? Number.NaN)} % in the mean and ${percent(details.regret['analytical']?.median ?? Number.NaN)} % in the median (${String(details.regret['analytical']?.groups)} groups). With the shipped correction, which has seen these rows: ${percent(details.regret['shipped']?.mean ?? Number.NaN)} and ${percent(details.regret['shipped']?.median ?? Number.NaN)} %.`,
    `- With the load left open and a limit on the time per token that the best measurement often just meets, choosing loses ${percent(details.regret['analyticalWithinLimit']?.mean ?? Number.NaN)} % in the mean: the smallest error excludes it.`,
    '- AMD, Intel, processors and consumer cards: kernels are scaled from NVIDIA ones, or flat shares of the datasheet; what end-to-end measurements there are stands above.',
    '- The correction is learned without constraints: where its trees step, a little more load, length or bandwidth may lower a predicted time. Without it (`--analytical`) predictions never do.',
    '- Not scored: speculative decoding, disaggregated serving, LoRA, other engines than vLLM, SGLang and TensorRT-LLM.',
    '',
    'The groups with the largest median error of time per output token, analytical:',
    '',
    cells('engine, device, model', 'rows', 'time per token %', 'first token %'),
    '| --- | --- | --- | --- |',
    ...worst.map(({ group, tpot, ttft }) => cells(group, tpot.rows, percent(tpot.medianAbsoluteError), percent(ttft.medianAbsoluteError))),
    '',
  ]
}

const resultFile = new URL('../results/sim.json', import.meta.url)
const result = resultSchema.parse(JSON.parse(readFileSync(resultFile, 'utf8')))
const { details, measures } = result
const reasons = new Map<string, number>()
for (const { reason } of details.unusable) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
const measure = (name: string) => String(measures[name] ?? 'not measured')
const page = [
  '<!-- Written by benchmarks/sim/accuracy-page.ts from benchmarks/results/sim.json; do not edit. -->',
  '',
  '# How accurate the predictions are',
  '',
  `Measured ${result.date.slice(0, 10)} at commit ${result.commit}, Node ${result.node}, ${result.machine.cpu}, load average ${String(result.loadAverage)}.`,
  '',
  `The rows are tier A of NVIDIA's silicon sample (AIConfigurator, Apache-2.0): ${String(details.rows)} measurements of vLLM, SGLang and TensorRT-LLM on H100, H200, B200 and GB200. ${String(details.usedRows)} are predicted${[...reasons].map(([reason, count]) => `; ${String(count)} are not: ${reason}`).join('')}.`,
  '',
  'Held out means that the correction was trained without every row of the same configuration (model, device, engine, splits, precision), or of the same pair of model and device. The constants of the analytical part (five factors, and two times and three shares for each engine) were fitted on all rows.',
  'How the sample is read: `benchmarks/sim/silicon-sample.ts`. Rows with data-parallel attention count all devices in their tensor splits, as rows of both spellings with equal measurements show; experts that are split wider than attention mean copies of it; rows on B200 keep an 8-bit cache, as otherwise their requests would not have fit.',
  'An interval counts as hit when it holds the measured value; it is meant to hold nine of ten, and comes from the errors of other held-out parts.',
  '',
  ...figure(result, 'time-per-output-token', 'Time per output token', details.aiconfigurator.tpot),
  ...figure(result, 'time-to-first-token', 'Time to first token', details.aiconfigurator.ttft),
  ...comparePeers(measure('search_cold_ms')),
  ...otherSets(result),
  ...weaknesses(result),
  '## Speed',
  '',
  cells('', 'measured'),
  '| --- | --- |',
  cells('one corrected prediction', `${measure('predict_us')} µs`),
  cells('search, Qwen3-32B in FP8 on 32 H200, warm', `${measure('search_ms')} ms, ${measure('search_configs')} configurations`),
  cells('the same in a new process, imports included', `${measure('search_cold_ms')} ms`),
  cells('longest that a search kept the event loop', `${measure('loop_stall_ms')} ms`),
  '',
  'To repeat: `npm run bench:sim`, then `node --conditions=bud-source benchmarks/sim/accuracy-page.ts`. To train on rows of your own: `bud-sim train --data FILE.csv --out FOLDER`.',
  '',
]
writeFileSync(new URL('../../docs/accuracy.md', import.meta.url), page.join('\n'))
