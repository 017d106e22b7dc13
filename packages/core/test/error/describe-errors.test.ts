import { describe, expect, test } from 'vitest'
import { BudError, coreErrors, defineErrors, describeErrors, isBudError } from '@bud-foundry/core'

const errors = defineErrors('DEMO', {
  NO_TARGET: {
    status: 503,
    retryable: true,
    scope: 'target',
    message: ({ model, tried }: { readonly model: string; readonly tried: readonly string[] }) =>
      `no target for '${model}' of ${String(tried.length)}: ${tried.map((id) => `<${id}>`).join(', ')}`,
  },
  PLAIN: { status: 400, retryable: false, message: () => 'a plain failure' },
  COMPUTED: {
    status: 400,
    retryable: false,
    message: ({ bytes }: { readonly bytes: number }) => `it has ${(bytes / 1024).toFixed(1)} KiB`,
    template: 'it has <bytes> KiB',
  },
})

describe('describeErrors', () => {
  test('lists every entry with its code, status and the message with placeholders', () => {
    expect(describeErrors(errors)).toEqual([
      {
        code: 'DEMO_NO_TARGET',
        status: 503,
        retryable: true,
        scope: 'target',
        template: "no target for '<model>' of <tried.length>: <tried>",
      },
      { code: 'DEMO_PLAIN', status: 400, retryable: false, scope: 'request', template: 'a plain failure' },
      { code: 'DEMO_COMPUTED', status: 400, retryable: false, scope: 'request', template: 'it has <bytes> KiB' },
    ])
  })

  test("describes the whole of core's catalogue", () => {
    const described = describeErrors(coreErrors)
    expect(described.map(({ code }) => code)).toEqual(Object.keys(coreErrors).map((key) => `CORE_${key}`))
    for (const { template, status } of described) {
      expect(template).not.toMatch(/undefined|NaN|\[object|function/)
      expect(template.length).toBeGreaterThan(10)
      expect(status).toBeGreaterThanOrEqual(400)
    }
    expect(described.find(({ code }) => code === 'CORE_ENVELOPE_KEY_UNKNOWN')?.template).toContain(
      "'<keyId>', and the key ring has only <known>",
    )
  })
})

describe('defineErrors', () => {
  test('makes errors with the fields that retries and answers read', () => {
    const cause = new Error('inner')
    const error = errors.NO_TARGET({ model: 'm', tried: ['a', 'b'] }, { cause, retryAfterMs: 50 })
    expect(error).toBeInstanceOf(BudError)
    expect(error).toMatchObject({
      name: 'BudError',
      code: 'DEMO_NO_TARGET',
      status: 503,
      retryable: true,
      scope: 'target',
      retryAfterMs: 50,
      cause,
    })
    expect(error.message).toBe("no target for 'm' of 2: <a>, <b>")
    expect([errors.NO_TARGET.is(error), errors.PLAIN.is(error), errors.NO_TARGET.is(cause), isBudError(error)]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })
})
