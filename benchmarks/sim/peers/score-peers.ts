/** Scores what predict-rows.py predicted, and ours held out, on the same rows; writes results/sim-peers.json. */
import { readFileSync, writeFileSync } from 'node:fs'
import { findModel } from '@bud-foundry/sim'
import { createSamples, scorePairs, trainCorrections, type HeldOutRow, type Score } from '@bud-foundry/sim/train'
import { z } from 'zod'
import { readSiliconSample } from '../silicon-sample.ts'

const predictedSchema = z.record(
  z.string(),
  z.object({
    version: z.string(),
    predicted: z.array(z.object({ row: z.int(), ttftMs: z.number(), tpotMs: z.number() })),
    refused: z.record(z.string(), z.number()),
    seconds: z.number(),
    search: z.object({ processSeconds: z.number(), searchSeconds: z.number().nullable() }).optional(),
  }),
)

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('give the file that predict-rows.py wrote')
const peers = predictedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const sample = readSiliconSample()
const { samples, unusable } = await createSamples(
  sample.map(({ columns }) => columns),
  (name) => Promise.resolve(findModel(name)),
)
if (unusable.length > 0) throw new Error(`${String(unusable.length)} rows are not predicted, so that places in the lists differ`)
const trained = await trainCorrections(samples, { trainedOn: 'silicon sample, tier A' })

interface Guess {
  readonly row: number
  readonly ttftMs: number | undefined
  readonly tpotMs: number | undefined
}
const figures = { 'time-per-output-token': 'tpotMs', 'time-to-first-token': 'ttftMs' } as const

const exact = (mid: number) => ({ low: mid, mid, high: mid })
const short = ({ rows, meanAbsoluteError, medianAbsoluteError, bias, rankCorrelation, within20Percent }: Score) => ({
  rows,
  meanAbsoluteError,
  medianAbsoluteError,
  bias,
  rankCorrelation,
  within20Percent,
})

/** The peer's errors and ours on the rows that the peer predicts. */
function compare(guesses: readonly Guess[]): object {
  return Object.fromEntries(
    trained.map(({ target, heldOut }) => {
      const byRow = new Map(guesses.map((guess) => [guess.row, guess[figures[target]]]))
      const covered = heldOut.filter(({ sample: row }) => byRow.get(row) !== undefined)
      const score = (predict: (row: HeldOutRow) => number) =>
        short(scorePairs(covered.map((row) => ({ measured: row.measuredMs, predicted: exact(predict(row)) }))))
      return [
        target,
        {
          peer: score((row) => byRow.get(row.sample) ?? Number.NaN),
          oursByConfiguration: score((row) => row.byConfigurationMs),
          oursByPair: score((row) => row.byPairMs),
        },
      ]
    }),
  )
}

const results = {
  date: new Date().toISOString(),
  rows: sample.length,
  peers: [
    {
      name: 'AIConfigurator',
      version: '0.10, as the sample holds it',
      figures: compare(sample.map(({ aiconfigurator }, row) => ({ row, ...aiconfigurator }))),
    },
    ...Object.entries(peers).map(([name, { version, predicted, refused, search }]) => ({
      name: name === 'genz' ? 'GenZ' : 'AIConfigurator',
      version,
      refused,
      search,
      figures: compare(predicted),
    })),
  ],
}
writeFileSync(new URL('../../results/sim-peers.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
console.log(JSON.stringify(results.peers, null, 1))
