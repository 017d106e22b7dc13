import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom, createTraceContext, encodeTraceparent, parseTraceparent } from '@bud-foundry/core'

const hexOf = (length: number) =>
  fc
    .array(
      fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
      { minLength: length, maxLength: length },
    )
    .map((digits) => digits.join(''))
const idOf = (length: number) => hexOf(length).filter((id) => /[^0]/.test(id))
const valid = 'ab'.repeat(16)

describe('traceparent', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(idOf(32), idOf(16), fc.boolean(), (traceId, spanId, sampled) => {
        expect(parseTraceparent(encodeTraceparent({ traceId, spanId, sampled }))).toEqual({ traceId, spanId, sampled })
      }),
    )
  })

  test('never throws, and accepts nothing that is not four fields of lower-case hex', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(hexOf(2), hexOf(32), hexOf(16), hexOf(2)).map((fields) => fields.join('-')),
        ),
        (header) => {
          const context = parseTraceparent(header)
          const wellFormed = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/.test(header)
          if (!wellFormed) expect(context).toBeUndefined()
          if (context !== undefined) expect(header).toContain(`${context.traceId}-${context.spanId}`)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['absent', undefined],
    ['version ff', `ff-${valid}-${valid.slice(16)}-01`],
    ['an all-zero trace', `00-${'0'.repeat(32)}-${valid.slice(16)}-01`],
    ['an all-zero span', `00-${valid}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${valid.toUpperCase()}-${valid.slice(16)}-01`],
    ['more than version 00 has', `00-${valid}-${valid.slice(16)}-01-x`],
    ['no dash after the flags of a newer version', `01-${valid}-${valid.slice(16)}-01x`],
    ['endless text', `01-${valid}-${valid.slice(16)}-01-${'x'.repeat(600)}`],
  ])('is refused when %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  test('of a newer version is read by its first four fields', () => {
    expect(parseTraceparent(`01-${valid}-${valid.slice(16)}-03-more`)).toEqual({ traceId: valid, spanId: valid.slice(16), sampled: true })
  })
})

describe('createTraceContext', () => {
  test("starts a trace of its own, or a new span in the parent's", () => {
    const random = createSeededRandom(1)
    const parent = createTraceContext(random)
    const child = createTraceContext(random, { ...parent, sampled: false })
    expect(parseTraceparent(encodeTraceparent(parent))).toEqual({ ...parent, sampled: true })
    expect([child.traceId, child.sampled]).toEqual([parent.traceId, false])
    expect(child.spanId).not.toBe(parent.spanId)
  })

  test('makes valid ids even of zeros', () => {
    const zeros = { next: () => 0, bytes: (length: number) => new Uint8Array(length) }
    expect(parseTraceparent(encodeTraceparent(createTraceContext(zeros)))).toBeDefined()
  })
})
