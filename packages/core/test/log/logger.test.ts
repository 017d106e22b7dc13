import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coreErrors, createSecret, silentLogger } from '@bud-foundry/core'
import { createLogger, type LogFields, type LoggerOptions, type StructuredLogger } from '@bud-foundry/core/log'
import { createFakeClock } from '@bud-foundry/core/testing'

/** A logger into memory, and its lines. */
function capture(options: Partial<LoggerOptions> = {}): {
  logger: StructuredLogger
  lines: string[]
  records: () => Record<string, unknown>[]
} {
  const lines: string[] = []
  const clock = createFakeClock({ startUnixMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) })
  const logger = createLogger({ level: 'debug', clock, destination: { write: (line) => lines.push(line) }, ...options })
  // Every line of the JSON format is an object that the logger wrote.
  return { logger, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const logged = (fields: LogFields, message = 'event', options: Partial<LoggerOptions> = {}) => {
  const { logger, lines } = capture(options)
  logger.info(message, fields)
  return lines.join('')
}

describe('createLogger', () => {
  test('writes one JSON line an event with time, level, message and fields', () => {
    const { logger, records } = capture()
    logger.warn('target ejected', { code: 'GATEWAY_TARGET_EJECTED', traceId: 'ab', inputTokens: 12 })
    expect(records()).toEqual([
      {
        time: '2026-01-02T03:04:05.678Z',
        level: 'warn',
        code: 'GATEWAY_TARGET_EJECTED',
        msg: 'target ejected',
        traceId: 'ab',
        inputTokens: 12,
      },
    ])
  })

  test('carries the fields of its child, which a line may override, without writing a name twice', () => {
    const { logger, lines, records } = capture()
    const child = logger.child({ traceId: 'trace' }).child({ requestId: 'request', attempt: 0 })
    child.info('a')
    child.info('b', { attempt: 1 })
    logger.info('c')
    expect(records()).toMatchObject([
      { traceId: 'trace', requestId: 'request', attempt: 0 },
      { traceId: 'trace', requestId: 'request', attempt: 1 },
      { msg: 'c' },
    ])
    expect(lines[1]?.match(/"attempt"/g)).toHaveLength(1)
    expect(lines[2]).not.toContain('traceId')
  })

  test('moves fields aside that have the names of the line itself', () => {
    const { logger, records, lines } = capture()
    logger.info('real', { msg: 'forged', level: 'error', time: 'never' })
    expect(records()[0]).toMatchObject({ msg: 'real', level: 'info', field_msg: 'forged', field_level: 'error', field_time: 'never' })
    expect(lines[0]?.match(/"msg"/g)).toHaveLength(1)
  })

  test('leaves out what is below its level', () => {
    const { logger, records } = capture({ level: 'warn' })
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    logger.error('d')
    expect(records().map(({ msg }) => msg)).toEqual(['c', 'd'])
    expect(logged({}, 'x', { level: 'silent' })).toBe('')
    silentLogger.error('nowhere')
  })

  test('writes errors with code, message and causes, and takes the line’s code from the error', () => {
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED', port: 80 })
    const { logger, records } = capture()
    logger.error('request failed', { error: coreErrors.TRANSPORT_FAILED({ host: 'a.test', reason: 'refused' }, { cause }) })
    const [record] = records()
    expect(record).toMatchObject({
      code: 'CORE_TRANSPORT_FAILED',
      error: {
        code: 'CORE_TRANSPORT_FAILED',
        status: 502,
        retryable: true,
        cause: { name: 'Error', code: 'ECONNREFUSED', port: 80, message: 'connect refused' },
      },
    })
    expect(record?.['error']).not.toHaveProperty('stack')
    expect(record?.['error']).toHaveProperty('cause.stack')
  })

  test('writes one readable line for people, whatever the values contain', () => {
    const human = logged({ model: 'llama', note: 'two words', count: 2, nested: { a: 1 } }, 'started', { format: 'human' })
    expect(human).toBe('2026-01-02T03:04:05.678Z  INFO   started  model=llama  note="two words"  count=2  nested={"a":1}\n')
    const forged = logged({ a: 'x\n2026 ERROR forged', b: '\u001b[31mred' }, 'm\r\n\u2028forged', { format: 'human' })
    expect(forged.trimEnd()).not.toMatch(/[\n\r\u2028\u001b]/)
  })

  test('never fails and never writes more than one line, whatever it is given', () => {
    for (const format of ['json', 'human'] as const) {
      fc.assert(
        fc.property(
          fc.string({ unit: 'binary' }),
          fc.dictionary(
            fc.string(),
            fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true }),
          ),
          (message, fields) => {
            const line = logged(fields, message, { format })
            expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
            if (format === 'json') expect(JSON.parse(line)).toHaveProperty('msg')
          },
        ),
        { numRuns: 60 },
      )
    }
  }, 30_000)

  test('bounds depth, width and length, and breaks circles', () => {
    const circle: Record<string, unknown> = { name: 'a' }
    circle['self'] = circle
    expect(logged({ circle })).toContain('"self":"[circular]"')
    let deep: unknown = 'bottom'
    for (let level = 0; level < 50; level += 1) deep = { deep }
    expect(logged({ deep })).toContain('[too deep]')
    expect(logged({ wide: Array.from({ length: 500 }, (_, index) => index) })).toContain('300 more items')
    const wide = (depth: number): unknown => (depth === 0 ? 1 : Array.from({ length: 30 }, () => wide(depth - 1)))
    expect(logged({ wide: wide(4) })).toContain('[too much]')
    expect(logged({ long: 'x'.repeat(100_000) }).length).toBeLessThan(20_000)
    expect(
      logged({
        trap: {
          get value() {
            throw new Error('getter')
          },
        },
      }),
    ).toContain('[unreadable]')
    let error = new Error('0')
    for (let level = 1; level < 40; level += 1) error = new Error(String(level), { cause: error })
    expect(logged({ error })).toContain('[more causes]')
  })
})

const canary = 'cAnArY0123456789'

describe('redaction', () => {
  test.each<[string, LogFields, string?]>([
    ['a Secret', { value: createSecret(canary) }],
    ['a nested Secret', { config: { targets: [{ credential: createSecret(canary) }] }, map: new Map([['a', createSecret(canary)]]) }],
    [
      'headers',
      {
        headers: {
          Authorization: `Bearer ${canary}`,
          'x-api-key': canary,
          'X-Goog-Api-Key': canary,
          cookie: `s=${canary}`,
          'Set-Cookie': [canary],
        },
      },
    ],
    ['Headers', { headers: new Headers({ authorization: canary, 'api-key': canary }) }],
    ['raw headers', { rawHeaders: ['Host', 'a', 'Authorization', canary], pairs: [['x-api-key', canary]] }],
    [
      'fields named like credentials',
      {
        apiKey: canary,
        api_key: canary,
        clientSecret: canary,
        password: canary,
        'access-token': canary,
        token: canary,
        privateKey: { pem: canary },
        secretAccessKey: canary,
        dbPassword: canary,
      },
    ],
    ['an error', { error: new Error(`request with key sk-${canary} failed`) }],
    ['the cause of an error', { error: new Error('outer', { cause: new Error(`authorization: Bearer ${canary}`) }) }],
    ['an object as cause', { error: new Error('outer', { cause: { apiKey: canary } }) }],
    ['errors of an AggregateError', { error: new AggregateError([new Error(`bud_${canary}`)], 'all failed') }],
    ['details of a BudError', { error: Object.assign(coreErrors.CLOSED({ what: 'x' }), { details: { key: canary } }) }],
    ['an error outside the field error', { failure: { reason: new Error(`sk-proj-${canary}`) } }],
    ['a URL with user info', { url: new URL(`https://user:${canary}@host.test/path`), dsn: `redis://default:${canary}@cache:6379/2` }],
    [
      'a URL with keys in its query',
      {
        url: `https://h.test/v1?key=${canary}&a=1`,
        other: `https://h.test/?X-Amz-Signature=${canary}&api_key=${canary}&access_token=${canary}`,
      },
    ],
    ['the message', {}, `calling with Authorization: Bearer ${canary}`],
    ['text that holds JSON', { body: JSON.stringify({ api_key: canary, password: canary, model: 'm' }) }],
    [
      'text with known key shapes',
      {
        text: `sk-ant-${canary} bud_client_${canary} gsk_${canary} hf_${canary} ghp_${canary} AIza${canary}${canary}abc AKIACANARY0123456789 glpat-${canary}`,
      },
    ],
    ['a JSON web token', { text: `eyJ${canary}.eyJ${canary}.${canary}` }],
    ['a private key', { text: `-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----` }],
    ['a name', { [`sk-${canary}`]: 1 }],
    ['bytes', { body: Buffer.from(canary) }],
    ['basic credentials', { text: `Basic ${canary}==` }],
  ])('hides canaries in %s, in both formats and in a child', (_, fields, message = 'event') => {
    for (const format of ['json', 'human'] as const) {
      const { logger, lines } = capture({ format })
      logger.info(message, fields)
      logger.child(fields).error(message)
      expect(lines).toHaveLength(2)
      expect(lines.join('').toLowerCase()).not.toContain(canary.toLowerCase())
    }
  })

  test('hides fields and patterns of the user', () => {
    const line = logged({ nationalId: canary, text: `id ACME-${canary}` }, 'event', {
      redact: { fields: ['national_id'], patterns: [/ACME-\w+/g] },
    })
    expect(line).not.toContain(canary)
  })

  test('leaves readable what is no secret', () => {
    const fields = {
      inputTokens: 5,
      timeToFirstTokenMs: 12.5,
      keyId: 'k1',
      projectId: 'p',
      model: 'task-1-disk-based',
      url: 'https://api.test/v1/chat?limit=5',
      tokens: [1, 2],
      hasPassword: true,
      password: false,
      keyPrefix: 'bud_01',
      error: 'token limit reached: 5 of 4',
    }
    const { password, ...rest } = JSON.parse(logged(fields)) as Record<string, unknown>
    const { password: given, ...others } = fields
    expect(rest).toMatchObject(others)
    expect(password).toBe(given)
  })

  test('takes little time for text that is made to be slow', () => {
    const texts = [
      '://',
      'eyJ',
      'eyJ-',
      'sk-',
      'bearer ',
      '-----BEGIN PRIVATE KEY-----',
      'password ',
      'token',
      '?key=',
      'a',
      ' ',
      'api-key"',
    ].map((part) => part.repeat(20_000))
    // CPU time and not the clock's, which a busy machine stretches.
    const before = process.cpuUsage()
    for (const text of texts) logged({ text })
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000)
  })
})
