/** OTLP requests of each convention become requests, as JSON and as protobuf. */
import { gzipSync } from 'node:zlib'
import type { BudEvent } from '@bud-foundry/core'
import { createMemorySink } from '@bud-foundry/core/testing'
import { expect, test } from 'vitest'
import { createOtlpReceiver } from '../../src/otlp/receiver.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
type Value = string | number | boolean
const toValue = (value: Value) =>
  typeof value === 'string'
    ? { stringValue: value }
    : typeof value === 'boolean'
      ? { boolValue: value }
      : Number.isInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: value }
const pairs = (attributes: Readonly<Record<string, Value>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: toValue(value) }))

const body = (attributes: Readonly<Record<string, Value>>, spanId = '00f067aa0ba902b7') =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: pairs({ 'service.name': 'shop' }) },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId,
                name: 'chat',
                startTimeUnixNano: '1790000000000500000',
                endTimeUnixNano: '1790000001000500000',
                attributes: pairs(attributes),
              },
            ],
          },
        ],
      },
    ],
  })

async function receive(text: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>) {
  const sink = createMemorySink()
  const receiver = createOtlpReceiver({ sink, authorize: (request) => (request.headers.has('authorization') ? 'shop-project' : undefined) })
  const response = await receiver.handle(new Request('http://localhost/v1/traces', { method: 'POST', body: text, headers }))
  const events: readonly BudEvent[] = sink.events
  return { response, events, coverage: receiver.coverage() }
}
const json = { 'content-type': 'application/json', authorization: 'x' }

test.each([
  [
    'otel',
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.usage.cache_read.input_tokens': 4,
    },
  ],
  [
    'openllmetry',
    {
      'llm.request.type': 'chat',
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.prompt_tokens': 10,
      'gen_ai.usage.completion_tokens': 5,
      'gen_ai.usage.cache_read_input_tokens': 4,
    },
  ],
  [
    'openinference',
    {
      'openinference.span.kind': 'LLM',
      'llm.provider': 'openai',
      'llm.model_name': 'gpt-4o',
      'llm.token_count.prompt': 10,
      'llm.token_count.completion': 5,
      'llm.token_count.prompt_details.cache_read': 4,
    },
  ],
])('%s names are translated to the same request', async (convention, attributes) => {
  const { response, events, coverage } = await receive(body(attributes), json)
  expect(response.status).toBe(200)
  expect(events).toHaveLength(2)
  expect(events[0]).toMatchObject({
    kind: 'request',
    projectId: 'shop-project',
    requestedModel: 'gpt-4o',
    providerId: 'openai',
    inputTokens: 10,
    outputTokens: 5,
    cachedInputTokens: 4,
    durationMs: 1000,
    timeUnixMs: 1_790_000_000_000.5,
    source: convention,
  })
  expect(coverage).toEqual({ [convention]: { spans: 1, tokens: 1, timeToFirstToken: 0, cost: 0, user: 0, samples: {} } })
})

test('a span of a tool is kept for its trace and is no request', async () => {
  const { events } = await receive(body({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.request.model': 'x' }), json)
  expect(events.map(({ kind }) => kind)).toEqual(['span'])
})

test('protobuf bytes, also compressed, are read by field number', async () => {
  const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  const fixed = (number: number, value: bigint) => {
    const bytes = Buffer.alloc(9)
    bytes[0] = (number << 3) | 1
    bytes.writeBigUInt64LE(value, 1)
    return bytes
  }
  const attribute = field(9, Buffer.concat([field(1, Buffer.from('gen_ai.request.model')), field(2, field(1, Buffer.from('gpt-4o')))]))
  const span = Buffer.concat([
    field(1, Buffer.from(traceId, 'hex')),
    field(2, Buffer.from('00f067aa0ba902b7', 'hex')),
    field(5, Buffer.from('chat')),
    fixed(7, 1_790_000_000_000_000_000n),
    fixed(8, 1_790_000_000_250_000_000n),
    attribute,
  ])
  const message = field(1, field(2, field(2, span)))
  const { response, events } = await receive(new Uint8Array(gzipSync(message)), {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
    authorization: 'x',
  })
  expect(response.headers.get('content-type')).toBe('application/x-protobuf')
  expect(events[0]).toMatchObject({
    kind: 'request',
    traceId,
    id: `${traceId}:00f067aa0ba902b7`,
    requestedModel: 'gpt-4o',
    durationMs: 250,
  })
})

test('who is not known and what cannot be read are refused', async () => {
  expect((await receive(body({}), { 'content-type': 'application/json' })).response.status).toBe(401)
  const { response, events } = await receive('{"resourceSpans": 7}', json)
  expect(response.status).toBe(400)
  // A status of Google's RPC, as the specification asks for: 3 is INVALID_ARGUMENT.
  expect(await response.json()).toMatchObject({
    code: 3,
    message: expect.stringContaining('resourceSpans: Invalid input: expected array') as string,
    details: [{ reason: 'METRICS_OTLP_INVALID' }],
  })
  expect(events).toEqual([])
  const binary = await receive('\u00ff\u00ff', { 'content-type': 'application/x-protobuf', authorization: 'x' })
  expect(binary.response.status).toBe(400)
  expect(binary.response.headers.get('content-type')).toBe('application/x-protobuf')
  // Field 1 is the code, a varint.
  expect([...new Uint8Array(await binary.response.arrayBuffer()).subarray(0, 2)]).toEqual([8, 3])
})

const model = { 'gen_ai.request.model': 'm' }
const day = 86_400_000_000_000n

test.each<[string, object, object, RegExp]>([
  ['no start', { startTimeUnixNano: undefined }, {}, /startTimeUnixNano is missing/],
  ['a start of 0, which is a field that was left out', { startTimeUnixNano: '0' }, {}, /startTimeUnixNano/],
  ['a start that is no number', { startTimeUnixNano: 'abc' }, {}, /startTimeUnixNano/],
  ['a start of endless digits', { startTimeUnixNano: '9'.repeat(1_000) }, {}, /startTimeUnixNano/],
  ['a start beyond 2090', { startTimeUnixNano: '18446744073709551615' }, {}, /not before 2090/],
  ['no end', { endTimeUnixNano: 0 }, {}, /endTimeUnixNano is missing/],
  ['an end before its start', { endTimeUnixNano: '1780000000000000000' }, {}, /before their start/],
  ['a duration of years', { startTimeUnixNano: '1000000', endTimeUnixNano: '1790000001000000000' }, {}, /more than 31 days/],
  ['more tokens than a number holds', {}, { 'gen_ai.usage.output_tokens': { intValue: '9223372036854775807' } }, /outputTokens/],
])('a span with %s is refused and told, and the others are kept', async (_, fields, attributes, reason) => {
  const good = JSON.parse(body(model)) as { resourceSpans: [{ scopeSpans: [{ spans: object[] }] }] }
  const { spans } = good.resourceSpans[0].scopeSpans[0]
  const list = [...pairs(model), ...Object.entries(attributes).map(([key, value]) => ({ key, value: value as unknown }))]
  spans.push({ ...spans[0], spanId: '00f067aa0ba902b8', attributes: list, ...fields })
  const { response, events, coverage } = await receive(JSON.stringify(good), json)
  expect(response.status).toBe(200)
  const { partialSuccess } = (await response.json()) as { partialSuccess: { rejectedSpans: number; errorMessage: string } }
  expect(partialSuccess.rejectedSpans).toBe(1)
  expect(partialSuccess.errorMessage).toMatch(reason)
  expect(events.map(({ kind }) => kind)).toEqual(['request', 'span'])
  expect(events[0]).toMatchObject({ durationMs: 1000, id: `${traceId}:00f067aa0ba902b7` })
  expect(coverage['otel']?.spans).toBe(1)
})

test('a span of days is taken, and a first token at an unreadable time is none', async () => {
  const sent = JSON.parse(body(model)) as { resourceSpans: [{ scopeSpans: [{ spans: object[] }] }] }
  const [span] = sent.resourceSpans[0].scopeSpans[0].spans
  const endTimeUnixNano = String(1_790_000_000_000_500_000n + 2n * day)
  sent.resourceSpans[0].scopeSpans[0].spans = [{ ...span, endTimeUnixNano, events: [{ name: 'gen_ai.first_token', timeUnixNano: 'x' }] }]
  const { events } = await receive(JSON.stringify(sent), json)
  expect(events[0]).toMatchObject({ kind: 'request', durationMs: 2 * 86_400_000, stream: false })
  expect(events[0]).not.toHaveProperty('timeToFirstTokenMs')
})

test('of a span that is larger than a spool takes the short attributes are kept, and the sender is told', async () => {
  const { response, events } = await receive(body({ ...model, 'gen_ai.prompt': 'x'.repeat(1_500_000) }), json)
  expect(await response.json()).toEqual({
    partialSuccess: { rejectedSpans: 0, errorMessage: expect.stringContaining('1 MiB') as string },
  })
  expect(events).toMatchObject([{ kind: 'request' }, { kind: 'span', attributes: model }])
})

test('spans without ids are refused and told, and the others are kept', async () => {
  const [good = '', none = '', zero = ''] = ['00f067aa0ba902b7', '', '0000000000000000'].map((spanId) =>
    body({ 'gen_ai.request.model': 'm' }, spanId),
  )
  const spansOf = (text: string) => (JSON.parse(text) as { resourceSpans: unknown[] }).resourceSpans
  const { response, events } = await receive(JSON.stringify({ resourceSpans: [good, none, zero].flatMap(spansOf) }), json)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ partialSuccess: { rejectedSpans: 2 } })
  expect(events.map(({ kind }) => kind)).toEqual(['request', 'span'])
})

test('an attribute that is nested too deep is refused, and takes nothing down', async () => {
  const depth = 50_000
  const nested = `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":"1"}${']}}'.repeat(depth)}`
  const text = body({ deep: 'x' }).replace('{"stringValue":"x"}', nested)
  const { response, events } = await receive(text, json)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('nested deeper than 32 levels')
  expect(events).toEqual([])
})
