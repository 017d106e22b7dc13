/** `bud-sim validate`: predictions scored against measured rows. */
import { metricNames, validateRows, type MetricName } from '../validate/validation.ts'
import type { Score } from '../validate/score.ts'
import { NegativeAnswer, parseFlags, toTable, UsageError, type Command } from './command.ts'
import { chooseCorrections, readRows } from './measured-rows.ts'
import { readModel } from './model-argument.ts'

const percent = (share: number) => (Number.isNaN(share) ? '-' : `${(share * 100).toFixed(1)} %`)

/** Lines of a file, the first few by number. */
function listLines(lines: readonly number[]): string {
  const shown = lines.slice(0, linesShown).join(', ')
  return lines.length > linesShown ? `${shown} and ${String(lines.length - linesShown)} more` : shown
}
const linesShown = 20

function rowOf(group: string, metric: MetricName, score: Score): readonly (string | number)[] {
  return [
    group,
    metric,
    score.rows,
    percent(score.meanAbsoluteError),
    percent(score.medianAbsoluteError),
    percent(score.bias),
    score.rankCorrelation.toFixed(2),
    percent(score.within10Percent),
    percent(score.within20Percent),
    percent(score.coverage),
    `${score.ratioLow.toFixed(2)}–${score.ratioHigh.toFixed(2)}`,
  ]
}

export const validateCommand: Command = {
  name: 'validate',
  summary: 'score predictions against measured rows of a CSV file',
  usage: 'bud-sim validate --data FILE.csv [--group-by column,column] [--analytical | --correction MODEL.json …] [--json]',
  run: async (args, context) => {
    const { values } = parseFlags(args, {
      data: { type: 'string' },
      'group-by': { type: 'string' },
      correction: { type: 'string', multiple: true },
      analytical: { type: 'boolean' },
      json: { type: 'boolean' },
    })
    if (values.data === undefined) throw new UsageError('give --data FILE.csv')
    const rows = await readRows(values.data, context)
    const groupBy = (values['group-by'] ?? '').split(',').filter((column) => column !== '')
    const missing = groupBy.find((column) => rows[0]?.[column] === undefined)
    if (missing !== undefined) throw new UsageError(`${values.data} has no column '${missing}' to group by`)
    const corrections = await chooseCorrections({ analytical: values.analytical, files: values.correction }, context)
    const report = await validateRows(rows, { groupBy, corrections, readModel: (name) => readModel(name, undefined, context) })
    if (values.json === true) {
      context.print(JSON.stringify(report, null, 2))
      if (report.predicted === 0) throw new NegativeAnswer()
      return
    }
    const lines = [{ group: 'all', scores: report.total }, ...report.groups].flatMap(({ group, scores }) =>
      metricNames.flatMap((metric) => {
        const score = scores[metric]
        return score === undefined ? [] : [rowOf(group, metric, score)]
      }),
    )
    const reasons = Map.groupBy(report.unpredicted, ({ reason }) => reason)
    context.print(
      [
        `${String(report.predicted)} of ${String(report.rows)} rows predicted`,
        toTable(
          ['group', 'metric', 'rows', 'MAPE', 'median', 'bias', 'rank', 'in 10 %', 'in 20 %', 'coverage', 'measured/predicted 5–95 %'],
          lines,
        ),
        ...[...reasons].map(
          ([reason, rows]) => `not predicted, ${String(rows.length)} rows, lines ${listLines(rows.map(({ line }) => line))}: ${reason}`,
        ),
        ...report.ignoredColumns.map(({ column, reason }) => `column '${column}' is not used: ${reason}`),
      ].join('\n'),
    )
    if (report.predicted === 0) throw new NegativeAnswer()
  },
}
