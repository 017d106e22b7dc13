/** Answers to questions, as the server writes them. */
import { nowUnixMs } from './sample-data.ts'

const minuteMs = 60_000

/** Two groups of one bucket. */
export function sampleAnswer() {
  const bucket = { timeUnixMs: nowUnixMs, endUnixMs: nowUnixMs + minuteMs }
  return {
    fromUnixMs: nowUnixMs,
    toUnixMs: nowUnixMs + minuteMs,
    timeZone: 'UTC',
    measures: { requests: { unit: 'requests', errorBound: 0 } },
    rows: [
      { ...bucket, group: { model: 'llama' }, values: { requests: 4 }, counts: {} },
      { ...bucket, group: { model: '' }, isOther: true, values: { requests: 1 }, counts: {} },
    ],
  }
}

/** One row for each value, a minute apart. */
export function sampleCourse(values: readonly (number | null)[]) {
  return {
    ...sampleAnswer(),
    toUnixMs: nowUnixMs + values.length * minuteMs,
    rows: values.map((requests, index) => ({
      timeUnixMs: nowUnixMs + index * minuteMs,
      endUnixMs: nowUnixMs + (index + 1) * minuteMs,
      group: {},
      isOther: false,
      values: { requests },
      counts: {},
      previous: {},
      changes: {},
    })),
  }
}
