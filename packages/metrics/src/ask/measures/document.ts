/** The page that defines every measure, written from the registry. */
import { dimensionNames } from '../dimension.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { measureFamilies, measureFacts, type AskMeasure } from './registry.ts'

const row = (...cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const percent = (share: number) => (share === 0 ? 'exact' : `± ${Number((share * 100).toPrecision(2)).toString()} %`)

/** Markdown; `docs/metrics/questions.md` is this text. */
export function documentMeasures(): string {
  const families = Object.entries(measureFamilies).map(([family, table]) => {
    // Safe: the families are made of measures that can be asked for.
    const names = Object.keys(table) as readonly AskMeasure[]
    const rows = names.map((name) => {
      const { definition, unit, nullMeans, errorBound } = measureFacts(name)
      return row(`\`${name}\``, unit, definition, nullMeans === 'never' ? '-' : nullMeans, percent(errorBound))
    })
    return `### ${family}\n\n${[row('measure', 'unit', 'definition', 'null when', 'error'), row('---', '---', '---', '---', '---'), ...rows].join('\n')}`
  })
  const records = Object.entries(recordKinds).map(([kind, { dimensions, measures, hasProject }]) => {
    const rows = Object.entries(measures).map(([name, { definition, unit }]) => row(`\`${name}\``, unit, definition))
    const names = Object.keys(dimensions)
      .map((name) => `\`${name}\``)
      .join(', ')
    return `### ${kind}\n\nBy ${names}.${hasProject ? '' : ' For operators: these belong to no project.'}\n\n${[row('measure', 'unit', 'definition'), row('---', '---', '---'), ...rows].join('\n')}`
  })
  return `<!-- Written from the registry of measures; the test of this page writes it again when BUD_UPDATE is set. -->

# What can be asked

Every measure counts a request in the bucket in which it arrived. An error is the largest relative distance between the answer and the
observed value; counts, sums and shares have none. Requests are grouped and filtered by ${dimensionNames.map((name) => `\`${name}\``).join(', ')},
and filtered by tags, ranges and words.

## Measures of requests: \`ask\`

${families.join('\n\n')}

## Measures of records: \`records\`

${records.join('\n\n')}
`
}
