/** Questions about requests and their answers: the questions typed by the server's document, the answers checked field by field. */
import type { MetricsAskBody, MetricsDistributionBody, MetricsGroupBy, MetricsMeasure } from './generated/metrics-operations.ts'
import { readFields, readList, readNumber, readNumberOrNull, readText, readTextOrUndefined, type Fields } from './read.ts'

export type Question = MetricsAskBody
export type DistributionQuestion = MetricsDistributionBody
export type MeasureName = MetricsMeasure
export type DimensionName = MetricsGroupBy
export type TimeWindow = Question['window']

export type MeasureUnit = string
export type Values = Readonly<Record<string, number | null>>

export interface AnswerRow {
  /** Start of the bucket, or of the window. */
  readonly timeUnixMs: number
  readonly endUnixMs: number
  /** The value of each dimension asked for; empty where requests have none. */
  readonly group: Readonly<Record<string, string>>
  /** What is in none of the other groups. */
  readonly isOther: boolean
  readonly values: Values
  /** How many requests a value rests on, where those are not all. */
  readonly counts: Values
  /** With `compare`: the window before, and the relative change. */
  readonly previous: Values
  readonly changes: Values
}

export interface AnswerMeasure {
  readonly unit: MeasureUnit
  /** Largest relative error; 0 is exact. */
  readonly errorBound: number
}

export interface Answer {
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly measures: Readonly<Record<string, AnswerMeasure>>
  /** By group, the largest first, then by time; no bucket is missing. */
  readonly rows: readonly AnswerRow[]
}

export interface Distribution {
  readonly of: string
  readonly fromUnixMs: number
  readonly toUnixMs: number
  /** Upper ends of the bins, exclusive; each row has one number more, for what lies beyond. */
  readonly bounds: readonly number[]
  readonly rows: readonly {
    readonly timeUnixMs: number
    readonly group: Readonly<Record<string, string>>
    readonly requests: readonly number[]
  }[]
}

export interface MeasureDefinition {
  readonly name: string
  readonly definition: string
  readonly unit: MeasureUnit
  readonly nullMeans: string
  readonly errorBound: number
}

export interface Catalogue {
  readonly measures: readonly MeasureDefinition[]
  readonly dimensions: readonly string[]
}

export function readAnswer(value: unknown): Answer {
  const fields = readFields(value, 'answer')
  const measures = Object.entries(readFields(fields['measures'], 'answer.measures')).map(([name, item]) => {
    const where = `answer.measures.${name}`
    const measure = readFields(item, where)
    return [name, { unit: readText(measure, 'unit', where), errorBound: readNumber(measure, 'errorBound', where) }] as const
  })
  return {
    fromUnixMs: readNumber(fields, 'fromUnixMs', 'answer'),
    toUnixMs: readNumber(fields, 'toUnixMs', 'answer'),
    measures: Object.fromEntries(measures),
    rows: readList(fields['rows'], 'answer.rows').map((row, index) => readRow(row, `answer.rows[${index}]`)),
  }
}

export function readAnswers(value: unknown): readonly Answer[] {
  return readList(readFields(value, 'answers')['answers'], 'answers.answers').map(readAnswer)
}

function readRow(value: unknown, where: string): AnswerRow {
  const fields = readFields(value, where)
  return {
    timeUnixMs: readNumber(fields, 'timeUnixMs', where),
    endUnixMs: readNumber(fields, 'endUnixMs', where),
    group: readGroup(fields, where),
    isOther: fields['isOther'] === true,
    values: readValues(fields, 'values', where),
    counts: readValues(fields, 'counts', where),
    previous: readValues(fields, 'previous', where),
    changes: readValues(fields, 'changes', where),
  }
}

function readGroup(fields: Fields, where: string): Readonly<Record<string, string>> {
  const group = readFields(fields['group'] ?? {}, `${where}.group`)
  return Object.fromEntries(Object.keys(group).map((name) => [name, readText(group, name, `${where}.group`)]))
}

function readValues(fields: Fields, name: string, where: string): Values {
  const values = readFields(fields[name] ?? {}, `${where}.${name}`)
  return Object.fromEntries(Object.keys(values).map((key) => [key, readNumberOrNull(values, key, `${where}.${name}`)]))
}

export function readDistribution(value: unknown): Distribution {
  const fields = readFields(value, 'distribution')
  return {
    of: readText(fields, 'of', 'distribution'),
    fromUnixMs: readNumber(fields, 'fromUnixMs', 'distribution'),
    toUnixMs: readNumber(fields, 'toUnixMs', 'distribution'),
    bounds: readList(fields['bounds'], 'distribution.bounds').map(Number),
    rows: readList(fields['rows'], 'distribution.rows').map((item, index) => {
      const where = `distribution.rows[${index}]`
      const row = readFields(item, where)
      return {
        timeUnixMs: readNumber(row, 'timeUnixMs', where),
        group: readGroup(row, where),
        requests: readList(row['requests'], `${where}.requests`).map(Number),
      }
    }),
  }
}

export function readCatalogue(value: unknown): Catalogue {
  const fields = readFields(value, 'catalogue')
  return {
    measures: readList(fields['measures'], 'catalogue.measures').map((item, index) => {
      const where = `catalogue.measures[${index}]`
      const measure = readFields(item, where)
      return {
        name: readText(measure, 'name', where),
        definition: readText(measure, 'definition', where),
        unit: readText(measure, 'unit', where),
        nullMeans: readTextOrUndefined(measure, 'nullMeans') ?? '',
        errorBound: readNumberOrNull(measure, 'errorBound', where) ?? 0,
      }
    }),
    dimensions: readList(fields['dimensions'], 'catalogue.dimensions').map(String),
  }
}
