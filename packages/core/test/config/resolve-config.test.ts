import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { coreErrors, createSecret, isSecret, resolveConfig, secretSchema, type ConfigIssue } from '@bud-foundry/core'

/** The issues of a config that is refused. */
function issuesOf(schema: z.ZodType, input: unknown): readonly ConfigIssue[] {
  try {
    resolveConfig('test config', schema, input)
  } catch (error) {
    if (coreErrors.CONFIG_INVALID.is(error)) return error.details.issues
    throw error
  }
  throw new Error('the config was accepted')
}

const only = (schema: z.ZodType, input: unknown) => {
  const issues = issuesOf(z.strictObject({ field: schema }), input === undefined ? {} : { field: input })
  expect(issues).toHaveLength(1)
  return `${issues[0]?.path ?? ''}: ${issues[0]?.message ?? ''} | ${issues[0]?.fix ?? ''}`
}

describe('resolveConfig', () => {
  test('returns the parsed value, deeply frozen, and leaves instances alone', () => {
    const url = new URL('http://a.test')
    const config = resolveConfig('c', z.object({ list: z.array(z.object({ port: z.number().default(80) })), url: z.instanceof(URL) }), {
      list: [{}],
      url,
    })
    expect(config).toEqual({ list: [{ port: 80 }], url })
    expect([Object.isFrozen(config), Object.isFrozen(config.list), Object.isFrozen(config.list[0]), Object.isFrozen(url)]).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  test('names the field that was probably meant, through options, defaults, lists, records, unions and transformations', () => {
    const target = z.strictObject({ baseUrl: z.string().optional(), weight: z.number().default(1) })
    const schema = z.strictObject({
      models: z.record(z.string(), z.strictObject({ targets: z.array(target).default([]) })).optional(),
      auth: z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('keys'), headerName: z.string().optional() })]).optional(),
      door: z
        .strictObject({ port: z.int().optional() })
        .transform(({ port }) => port)
        .optional(),
    })
    const fixes = (input: unknown) => issuesOf(schema, input).map(({ path, fix }) => `${path}: ${fix ?? ''}`)
    expect(fixes({ modles: {}, models: { a: { target: [], targets: [{ baseURL: 'x', wait: 1 }] } } })).toEqual([
      "models.a.targets.0.baseURL: write 'baseUrl' if that was meant, or remove it",
      'models.a.targets.0.wait: remove it or correct the spelling',
      "models.a.target: write 'targets' if that was meant, or remove it",
      "modles: write 'models' if that was meant, or remove it",
    ])
    expect(fixes({ auth: { kind: 'keys', headername: 'x' } })).toEqual([
      "auth.headername: write 'headerName' if that was meant, or remove it",
    ])
    expect(fixes({ door: { prot: 1 } })).toEqual(["door.prot: write 'port' if that was meant, or remove it"])
  })

  test('lists every problem at once, with path and fix, in one message', () => {
    const schema = z.strictObject({ server: z.strictObject({ port: z.int().max(65_535), host: z.string() }), mode: z.enum(['a', 'b']) })
    const error = (() => {
      try {
        return resolveConfig('gateway config', schema, { server: { port: 70_000, hots: 'x' }, mode: 'c' })
      } catch (thrown) {
        return thrown
      }
    })()
    expect(String(error)).toBe(
      [
        'BudError: gateway config has 4 problems:',
        '  server.port: Too big: expected number to be <=65535 (use at most 65535)',
        '  server.host: is required and missing (add it: a text)',
        "  server.hots: is not a known field (write 'host' if that was meant, or remove it)",
        '  mode: Invalid option: expected one of "a"|"b" (use one of "a", "b")',
      ].join('\n'),
    )
  })

  test.each<[string, z.ZodType, unknown, string]>([
    ['an exclusive minimum', z.number().positive(), 0, 'use more than 0'],
    ['an exclusive maximum', z.number().lt(5), 5, 'use less than 5'],
    ['a short text', z.string().min(2), 'a', 'use at least 2 characters'],
    ['an exact length', z.string().length(3), 'a', 'use exactly 3 characters'],
    ['an empty list', z.array(z.string()).min(1), [], 'use at least 1 item'],
    ['a pattern', z.string().regex(/^a+$/), 'b', 'write text that matches /^a+$/'],
    ['a pattern with words of its own', z.string().regex(/^a/, 'must start with an a'), 'b', 'field: must start with an a | '],
    ['a prefix', z.string().startsWith('/'), 'b', 'start it with "/"'],
    ['a URL', z.url(), 'b', 'a URL such as https://'],
    ['a number in quotes', z.int(), '8080', 'write a number, without quotes'],
    ['a multiple', z.number().multipleOf(5), 3, 'use a multiple of 5'],
    ['one literal', z.literal('x'), 'y', 'write "x"'],
    ['a union of types', z.union([z.string(), z.number()]), true, 'write a text or write a number'],
    ['a missing union', z.union([z.string(), z.number()]), undefined, 'is required and missing'],
    [
      'a discriminated union',
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      { kind: 'c' },
      'field.kind: has a value that is not allowed here | use one of "a", "b"',
    ],
    [
      'the nearest form of a union',
      z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.number() })]),
      { b: 'x' },
      'field.b: Invalid input: expected number, received string | write a number, without quotes',
    ],
    [
      'a name in a record',
      z.record(z.string().regex(/^a/), z.number()),
      { b: 1 },
      'field.b: has a name that is not allowed here | write text that matches /^a/',
    ],
    ['a value in a map', z.map(z.string(), z.number()), new Map([['a', 'b']]), 'write a number'],
    ['an early date', z.date().min(new Date(0)), new Date(-5), 'use at least 1970-01-01T00:00:00.000Z'],
    ['big integers', z.bigint().min(3n), 1n, 'use at least 3'],
  ])('says what to write for %s', (_, schema, input, expected) => {
    expect(only(schema, input)).toContain(expected)
  })

  test('bounds the list', () => {
    const issues = issuesOf(
      z.array(z.string()),
      Array.from({ length: 250 }, () => 1),
    )
    expect(issues).toHaveLength(101)
    expect(issues.at(-1)?.message).toBe('has 150 more problems')
  })

  test('never repeats a value', () => {
    const schema = z.strictObject({
      a: z.int(),
      b: z.enum(['x']),
      c: secretSchema,
      d: z.union([z.number(), z.boolean()]),
      e: z.string().regex(/^x/),
      f: z.url(),
    })
    const canary = 'canary-value'
    const input = { a: canary, b: canary, c: [canary], d: canary, e: canary, f: canary }
    try {
      resolveConfig('c', schema, input)
    } catch (error) {
      expect(coreErrors.CONFIG_INVALID.is(error) && error.details.issues.length).toBe(6)
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(canary)
    }
    expect.assertions(2)
  })
})

describe('secretSchema', () => {
  test('turns text into a Secret and takes a Secret as it is', () => {
    const given = createSecret('b')
    const config = resolveConfig('c', z.object({ one: secretSchema, two: secretSchema }), { one: 'canary', two: given })
    expect([config.one.reveal(), isSecret(config.one), config.two]).toEqual(['canary', true, given])
    expect(JSON.stringify(config) + inspect(config, { depth: 9, showHidden: true })).not.toContain('canary')
  })

  test.each([
    ['', 'field: must be a secret: text that is not empty | '],
    [5, 'field: must be a secret: text that is not empty | '],
    [undefined, 'field: is required and missing | must be a secret: text that is not empty'],
  ])('refuses %j', (input, expected) => {
    expect(only(secretSchema, input)).toBe(expected)
  })
})
