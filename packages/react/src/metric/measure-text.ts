/** Names and writes a measure for people. */
import type { Answer } from '../client/ask.ts'
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'

export function toMeasureName(name: string, { metrics }: BudStrings): string {
  return metrics.measures[name] ?? name
}

/** Writes values of a unit. */
export function toWriter(unit: string | undefined, format: Format): (value: number) => string {
  switch (unit) {
    case 'ms':
      return format.duration
    case 'usd':
      return format.usd
    case 'share':
      return format.percent
    case 'per second':
    case 'ratio':
      return format.decimal
    default:
      return format.amount
  }
}

export function toGroupName(value: string | undefined, isOther: boolean, { metrics }: BudStrings): string {
  if (isOther) return metrics.other
  return value === undefined || value === '' ? metrics.none : value
}

export function unitOf(answer: Answer | undefined, name: string): string | undefined {
  return answer?.measures[name]?.unit
}
