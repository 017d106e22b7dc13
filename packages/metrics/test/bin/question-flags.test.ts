/** Flags become the question that was meant, or are refused: none is left out without a word. */
import { expect, test } from 'vitest'
import { toQuestion, toTable } from '../../src/bin/question-flags.ts'

const toUnixMs = Date.UTC(2026, 9, 25)
const nowUnixMs = toUnixMs + 3_600_000

test.each([
  [{ last: '2h' }, { last: '2h' }],
  [{}, { last: '24h' }],
  [{ from: '2026-10-25T00:00:00Z' }, { fromUnixMs: toUnixMs, toUnixMs: nowUnixMs }],
  [
    { from: String(toUnixMs), to: '2026-10-25T01:00:00Z' },
    { fromUnixMs: toUnixMs, toUnixMs: nowUnixMs },
  ],
  [
    { last: '48h', to: '2026-10-25T00:00:00Z' },
    { fromUnixMs: toUnixMs - 48 * 3_600_000, toUnixMs },
  ],
])('the window of %o', (flags, window) => {
  expect(toQuestion({ measure: 'requests', ...flags }, nowUnixMs)).toMatchObject({ window, measure: ['requests'] })
})

test.each([
  [{ to: '2026-10-25T00:00:00Z' }, '--to needs --from or --last'],
  [{ last: '1h', from: '2026-10-23T00:00:00Z' }, '--last and --from contradict each other'],
  [{ from: 'yesterday' }, "--from 'yesterday' is no time"],
  [{ last: 'long', to: '2026-10-25T00:00:00Z' }, "--last 'long' is no length of time"],
  [{ filter: ['model'] }, "--filter 'model' has no value"],
  [{ question: '{"measure":"requests"}', 'group-by': 'model' }, 'leave out --group-by'],
  [{ question: '{"measure":"requests"}', filter: ['model=a'], last: '1h' }, 'leave out --filter, --last'],
  [{ question: '{oops' }, '--question is not JSON'],
])('%o is refused', (flags, message) => {
  expect(() => toQuestion(flags, nowUnixMs)).toThrow(message)
})

test('labels that callers chose cannot speak to the terminal', () => {
  const group = { model: '\u001b[31mred\nnext\rX\u0007\u202e' }
  const table = toTable({ rows: [{ timeUnixMs: 0, endUnixMs: 1, group, values: { requests: 1 }, counts: {} }] })
  expect(table.split('\n')).toHaveLength(2)
  expect(table).toContain('\\x1b[31mred\\x0anext\\x0dX\\x07\\u202e')
})
