/** `bud-sim train`: the learned correction from measured rows. */
import { parseFlags, toNumber, toTable, UsageError, type Command } from './command.ts'
import { readRows } from './measured-rows.ts'
import { readModel } from './model-argument.ts'
import { toXgboostText } from '../train/model-json.ts'
import { createSamples } from '../train/samples.ts'
import { trainCorrections, type TargetReport } from '../train/train-correction.ts'
import type { Score } from '../validate/score.ts'

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const scoreRow = (target: string, what: string, score: Score) => [
  target,
  what,
  score.rows,
  percent(score.meanAbsoluteError),
  percent(score.medianAbsoluteError),
  percent(score.coverage),
]

const reportRows = ({ target, analytical, heldOutConfigurations, heldOutPairs }: TargetReport) => [
  scoreRow(target, 'analytical alone', analytical),
  scoreRow(target, 'held-out configurations', heldOutConfigurations),
  scoreRow(target, 'held-out pairs of model and device', heldOutPairs),
]

export const trainCommand: Command = {
  name: 'train',
  summary: 'train the learned correction from measured rows of a CSV file',
  usage: 'bud-sim train --data FILE.csv [--out FOLDER] [--source TEXT] [--bags 1] [--folds 20] [--seed 1] [--json]',
  run: async (args, context) => {
    const { values } = parseFlags(args, {
      data: { type: 'string' },
      out: { type: 'string' },
      source: { type: 'string' },
      bags: { type: 'string' },
      folds: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
    })
    if (values.data === undefined) throw new UsageError('give --data FILE.csv')
    const bags = toNumber('bags', values.bags, { min: 1, max: 20, whole: true }) ?? 1
    const folds = toNumber('folds', values.folds, { min: 2, max: 1000, whole: true }) ?? 20
    const seed = toNumber('seed', values.seed, { min: 0, max: 1e9, whole: true }) ?? 1
    const rows = await readRows(values.data, context)
    if (context.interactive) context.printError(`predicting ${String(rows.length)} rows`)
    const { samples, unusable } = await createSamples(rows, (name) => readModel(name, undefined, context))
    const trained = await trainCorrections(samples, {
      trainedOn: values.source ?? values.data,
      bags,
      folds,
      booster: { seed },
      signal: context.signal,
      onProgress: ({ target, done, of }) => {
        if (context.interactive) context.printError(`${target}: ${String(done)} of ${String(of)}`)
      },
    })
    const files: string[] = []
    for (const { target, model } of values.out === undefined ? [] : trained) {
      const file = `${values.out ?? '.'}/${target}.json`
      await context.writeFile(file, `${toXgboostText(model)}\n`)
      files.push(file)
    }
    if (values.json === true) {
      context.print(
        JSON.stringify({ rows: rows.length, used: samples.length, unusable, targets: trained.map(({ report }) => report), files }, null, 2),
      )
      return
    }
    const reasons = new Map<string, number>()
    for (const { reason } of unusable) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    context.print(
      [
        `${String(samples.length)} of ${String(rows.length)} rows used`,
        toTable(
          ['figure', 'judged on', 'rows', 'MAPE', 'median', 'coverage'],
          trained.flatMap(({ report }) => reportRows(report)),
        ),
        ...[...reasons].map(([reason, count]) => `not used, ${String(count)} rows: ${reason}`),
        ...files.map((file) => `written: ${file}`),
        ...(files.length === 0 ? ['nothing is written without --out FOLDER'] : []),
      ].join('\n'),
    )
  },
}
