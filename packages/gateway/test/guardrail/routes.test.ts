/** Every kind of rail with every action on every text route, and a forbidden phrase at every place of a request that a model may read. */
import type { Transport, UpstreamRequest } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { repeatedField } from '../../src/governance/repeated-field.ts'
import { guarded, post } from './support.ts'

type Rail = NonNullable<GatewayConfigInput['guardrails']>['rails'][string]

const phrase = 'ada@example.org'
const answers: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    choices: [{ index: 0, message: { role: 'assistant', content: `ask ${phrase} now` }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
  '/v1/completions': { choices: [{ index: 0, text: `ask ${phrase} now`, finish_reason: 'stop' }] },
  '/v1/embeddings': { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] },
}

interface Played extends Transport {
  /** What upstreams got. */
  readonly asked: string[]
}

/** Upstreams that answer by path, and a judge that finds the phrase. */
function played(): Played {
  const asked: string[] = []
  const reply = ({ url, body }: UpstreamRequest): object => {
    const text = Buffer.from(body ?? new Uint8Array(0)).toString()
    if (url.host !== 'judge.invalid') {
      asked.push(text)
      return { id: 'c', object: 'o', created: 1, model: 'm', ...answers[url.pathname] }
    }
    const judged = JSON.parse(text) as { readonly text?: string; readonly input?: string }
    const start = (judged.text ?? judged.input ?? '').indexOf(phrase)
    const flagged = start !== -1
    if (url.pathname === '/moderations') return { results: [{ flagged }] }
    return { flagged, spans: flagged ? [{ start, end: start + phrase.length }] : [] }
  }
  return {
    contract: 'transport/1',
    asked,
    dispatch: (request, handlers) => {
      const bytes = Buffer.from(JSON.stringify(reply(request)))
      setImmediate(() => {
        handlers.onHeaders(200, { 'content-type': 'application/json' })
        handlers.onData(bytes)
        handlers.onEnd()
      })
      return { resume: () => undefined, abort: () => undefined }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const rails: Readonly<Record<string, Rail>> = {
  keywords: { kind: 'keywords', words: [phrase] },
  regex: { kind: 'regex', pattern: 'ada@[a-z]+\\.org', maxLength: 40 },
  pii: { kind: 'pii', detect: ['email'] },
  http: { kind: 'http', url: 'http://judge.invalid/judge' },
  moderation: { kind: 'moderation', baseUrl: 'http://judge.invalid' },
  'json-schema': { kind: 'json-schema', schema: { not: { properties: { user: { const: 'strict' } }, required: ['user'] } } },
}
const actions = ['block', 'mask', 'annotate'] as const
const takes = (kind: string, action: string): boolean => action !== 'mask' || !['moderation', 'json-schema'].includes(kind)
const cases = Object.entries(rails).flatMap(([kind, rail]) =>
  actions.filter((action) => takes(kind, action)).map((action) => [kind, action, rail] as const),
)

const message = (content: unknown) => ({ messages: [{ role: 'user', content }] })
const routes: Readonly<Record<string, (text: string) => object>> = {
  '/v1/chat/completions': message,
  '/v1/completions': (prompt) => ({ prompt }),
  '/v1/embeddings': (input) => ({ input }),
  '/v1/messages': message,
  '/v1/messages/count_tokens': message,
}
const withRail = (rail: Rail, transport: Transport) => guarded({ rails: { test: rail }, attach: [{ rails: ['test'] }] }, transport)

describe.each(Object.entries(routes))('%s', (path, bodyOf) => {
  it.each(cases)('%s: %s on what is asked', async (kind, action, rail) => {
    const transport = played()
    // The table has no combination that the type forbids.
    await using gateway = withRail({ ...rail, on: ['input'], action } as Rail, transport)
    const found = kind === 'json-schema' ? { user: 'strict' } : {}
    const response = await post(gateway, path, { ...bodyOf(`mail ${phrase} please`), ...found })
    const text = await response.text()
    expect([response.status, text]).toEqual([action === 'block' ? 400 : 200, expect.any(String)])
    if (action === 'block') expect(transport.asked).toEqual([])
    else if (kind !== 'json-schema')
      expect(transport.asked.join('').includes(phrase)).toBe(action === 'annotate' && transport.asked.length > 0)
    expect(gateway.metricsText()).toMatch(new RegExp(`guardrail_findings_total\\{rail="test",side="input",action="${action}"\\} [1-9]`))
  })
})

describe.each(Object.keys(routes).filter((path) => path !== '/v1/embeddings' && !path.endsWith('count_tokens')))('%s', (path) => {
  it.each(cases)('%s: %s on what is answered', async (kind, action, rail) => {
    await using gateway = withRail(
      { ...rail, ...(kind === 'json-schema' ? { schema: { type: 'object' } } : {}), on: ['output'], action } as Rail,
      played(),
    )
    const response = await post(gateway, path, routes[path]?.('hi') ?? {})
    const text = await response.text()
    expect([response.status, text]).toEqual([action === 'block' ? 400 : 200, expect.any(String)])
    expect(text.includes(phrase)).toBe(action === 'annotate')
    expect(gateway.metricsText()).toMatch(new RegExp(`guardrail_findings_total\\{rail="test",side="output",action="${action}"\\} [1-9]`))
  })
})

/** Where a text may stand, by route. What is `fixed` is a field's name, which no mask can replace. */
type Stand = readonly [where: string, path: string, body: (text: string) => object, isFixed?: true]
const tool = (fields: object) => ({
  ...message('hi'),
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', ...fields } } }],
})
const chatPart = (part: object) => message([{ type: 'text', text: 'hi' }, part])
const called = (fields: object) => ({
  messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: fields }] }],
})
const calledWith = (text: string) => ({
  messages: [{ role: 'assistant', tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: text } }] }],
})
const chatPath = '/v1/chat/completions'
const stands: readonly Stand[] = [
  ['content', chatPath, message],
  ['a role', chatPath, (text) => ({ messages: [{ role: text, content: 'hi' }] })],
  ['the name of who speaks', chatPath, (text) => ({ messages: [{ role: 'user', name: text, content: 'hi' }] })],
  ['the type of a part', chatPath, (text) => chatPart({ type: text, text: 'hi' })],
  ['an id of a call', chatPath, (text) => ({ messages: [{ role: 'tool', tool_call_id: text, content: 'hi' }] })],
  ['a content that begins with data:', chatPath, (text) => message(`data:text/plain;base64,${text}`)],
  ['a field that is no part', chatPath, (text) => chatPart({ type: 'base64', media_type: 'text/plain', data: text })],
  ['thoughts', chatPath, (text) => ({ messages: [{ role: 'assistant', content: 'hi', reasoning_content: text }] })],
  ["a schema's description", chatPath, (text) => tool({ description: text })],
  ["a schema's format", chatPath, (text) => tool({ properties: { a: { type: 'string', format: text } } })],
  ["a schema's reference", chatPath, (text) => tool({ properties: { a: { $ref: text } } })],
  ["a schema's id", chatPath, (text) => tool({ $id: text, id: text })],
  ["a schema's values", chatPath, (text) => tool({ properties: { a: { enum: ['x', text] } } })],
  ["a schema's example of bytes", chatPath, (text) => tool({ default: { type: 'base64', media_type: 'a/b', data: text } })],
  ["a schema's detail, effort, role and type", chatPath, (text) => tool({ detail: text, effort: text, role: text, type: text })],
  [
    'the schema of an answer',
    chatPath,
    (text) => ({ ...message('hi'), response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { title: text } } } }),
  ],
  ['arguments of a template', chatPath, (text) => ({ ...message('hi'), chat_template_kwargs: { data: [text] } })],
  [
    'arguments that are no string',
    chatPath,
    (text) => ({
      messages: [{ role: 'assistant', tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: { type: text } } }] }],
    }),
  ],
  [
    'arguments',
    chatPath,
    (text) => ({
      messages: [
        { role: 'assistant', tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: JSON.stringify({ q: text }) } }] },
      ],
    }),
  ],
  ['arguments that are no JSON', chatPath, (text) => calledWith(text)],
  ['arguments of a function', chatPath, (text) => ({ messages: [{ role: 'assistant', function_call: { name: 'f', arguments: text } }] })],
  ['arguments that begin as JSON', chatPath, (text) => calledWith(`{"q": ${text}`)],
  ['arguments in an input of a tool', '/v1/messages', (text) => called({ arguments: text })],
  ['arguments of a setting', chatPath, (text) => ({ ...message('hi'), chat_template_kwargs: { arguments: text } })],
  ["a schema's arguments", chatPath, (text) => tool({ properties: { arguments: text } })],
  [
    'a name in arguments',
    chatPath,
    (text) => ({
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: JSON.stringify({ [text]: 1 }) } }],
        },
      ],
    }),
  ],
  [
    'two parts',
    chatPath,
    (text) =>
      message([
        { type: 'text', text: `a ${text.slice(0, 5)}` },
        { type: 'text', text: `${text.slice(5)} b` },
      ]),
  ],
  [
    'two parts around an image',
    chatPath,
    (text) =>
      message([
        { type: 'text', text: text.slice(0, 3) },
        { type: 'image_url', image_url: { url: 'https://a.example/x.png' } },
        { type: 'text', text: text.slice(3) },
      ]),
  ],
  [
    'parts of two kinds',
    chatPath,
    (text) =>
      message([
        { type: 'text', text: `a ${text.slice(0, 4)}` },
        { type: 'refusal', refusal: `${text.slice(4)} b` },
      ]),
  ],
  [
    'parts of kinds that nobody has heard of, beside other words',
    chatPath,
    (text) =>
      message([
        { type: 'text', text: text.slice(0, 4), title: 'x' },
        { type: 'murmur', murmur: text.slice(4) },
        { type: 'text', text: 'b' },
      ]),
  ],
  [
    'two fields of a part',
    chatPath,
    (text) =>
      message([
        { type: 'text', text: text.slice(0, 4), murmur: text.slice(4) },
        { type: 'text', text: 'b' },
      ]),
  ],
  ['a prompt', '/v1/completions', (text) => ({ prompt: ['hi', text] })],
  ['a suffix', '/v1/completions', (text) => ({ prompt: 'hi', suffix: text })],
  ['an input', '/v1/embeddings', (text) => ({ input: ['hi', text] })],
  [
    'an item of a conversation',
    '/v1/embeddings',
    (text) => ({ input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }] }),
  ],
  ['the output of a function', '/v1/embeddings', (text) => ({ input: [{ type: 'function_call_output', call_id: 'c', output: text }] })],
  ['a system prompt', '/v1/messages', (text) => ({ ...message('hi'), system: [{ type: 'text', text }] })],
  [
    'two parts of a system prompt',
    '/v1/messages',
    (text) => ({
      ...message('hi'),
      system: [
        { type: 'text', text: text.slice(0, 4) },
        { type: 'text', text: text.slice(4) },
      ],
    }),
  ],
  ['a document', '/v1/messages', (text) => message([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } }])],
  [
    'a document in parts',
    '/v1/messages',
    (text) => message([{ type: 'document', source: { type: 'content', content: [{ type: 'text', text }] } }]),
  ],
  [
    "a document's title and context",
    '/v1/messages',
    (text) => message([{ type: 'document', title: text, context: text, source: { type: 'text', media_type: 'text/plain', data: 'x' } }]),
  ],
  [
    'the result of a tool',
    '/v1/messages',
    (text) => message([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text }] }]),
  ],
  ['an input of a tool', '/v1/messages', (text) => called({ type: text, id: [{ role: text, data: text }] })],
  ['a name in an input', '/v1/messages', (text) => called({ a: { [text]: 1 } }), true],
  ['a name in a document', chatPath, (text) => ({ ...message('hi'), documents: [{ [text]: 'x' }] }), true],
  ['a name in arguments of a template', chatPath, (text) => ({ ...message('hi'), chat_template_kwargs: { [text]: true } }), true],
  ['a name in a content', chatPath, (text) => message({ [text]: 1 }), true],
  ['a name in a part', chatPath, (text) => chatPart({ type: 'text', text: 'x', [text]: 1 }), true],
  ["a schema's names", chatPath, (text) => tool({ properties: { [text]: { type: 'string' } } }), true],
]

const disguises: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'with characters that nobody sees': (text) => Array.from(text).join('\u200b'),
  'in full width': (text) => Array.from(text, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join(''),
  'amid other words': (text) => `say ${text} twice`,
}

describe.each(stands.map(([where, path, bodyOf, isFixed]) => ({ where, path, bodyOf, isFixed })))(
  'a forbidden phrase in $where',
  ({ path, bodyOf, isFixed }) => {
    it.each(['keywords', 'regex', 'pii'])('is found by %s, whatever it looks like', async (name) => {
      for (const disguise of Object.values(disguises)) {
        const transport = played()
        await using blocking = withRail({ ...rails[name], action: 'block' } as Rail, transport)
        const body = bodyOf(disguise(phrase))
        expect((await post(blocking, path, body)).status).toBe(400)
        await using masking = withRail({ ...rails[name], action: 'mask', on: ['input'] } as Rail, transport)
        const masked = await post(masking, path, body)
        if (isFixed === true) expect(masked.status).toBe(400)
        const upstream = transport.asked.join('').normalize('NFKC').replaceAll('\u200b', '')
        expect(upstream).not.toContain(phrase)
        expect(upstream).not.toContain('example.org')
      }
    })
  },
)

it('lets pass what protocols themselves say, whatever the words of a rail', async () => {
  const words = ['user', 'text', 'function', 'object', 'string', 'properties', 'auto', 'image/png', 'high', 'assistant', 'json_schema']
  const body = {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
        ],
      },
      { role: 'assistant', content: 'ho' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'string' } } } } }],
    tool_choice: 'auto',
    user: 'user',
  }
  await using gateway = withRail({ kind: 'keywords', words, on: ['input'] }, played())
  expect((await post(gateway, chatPath, body)).status).toBe(200)
})

it.each([
  ['words', { kind: 'keywords', words: ['forbidden phrase'] }, 'a forbidden phrase'],
  ['words beyond ASCII', { kind: 'keywords', words: ['禁止'] }, '这是禁止的'],
  ['a card', { kind: 'pii', detect: ['credit-card'] }, '4111 1111 1111 1111'],
  ['an address of mail', { kind: 'pii', detect: ['email'] }, 'jane.doe@example.com'],
  ['an address with colons', { kind: 'pii', detect: ['ip-address'] }, 'to fe80::1:2 now'],
] satisfies readonly (readonly [string, Rail, string])[])('reads arguments that are no JSON: %s', async (_what, rail, text) => {
  const transport = played()
  await using blocking = withRail({ ...rail, action: 'block' }, transport)
  expect((await post(blocking, chatPath, calledWith(text))).status).toBe(400)
  await using masking = withRail({ ...rail, action: 'mask', on: ['input'], mask: '*' }, transport)
  expect((await post(masking, chatPath, calledWith(text))).status).toBe(200)
  expect(transport.asked).toHaveLength(1)
  expect(transport.asked[0]).toContain('*')
  expect(transport.asked[0]).not.toContain(text)
})

it.each([
  ['a document', { ...message('hi'), documents: [{ card: 4111111111111111 }] }],
  ["a schema's default", tool({ properties: { a: { default: 4111111111111111 } } })],
  ["a schema's values", tool({ properties: { a: { enum: [4111111111111111] } } })],
  ['a content', message(4111111111111111)],
  ['a part', message([{ type: 'text', text: 4111111111111111 }])],
])('finds a card that is written as a number in %s', async (_where, body) => {
  await using gateway = withRail({ kind: 'pii', detect: ['credit-card'], on: ['input'], action: 'block' }, played())
  expect((await post(gateway, chatPath, body)).status).toBe(400)
  const bounds = tool({ properties: { a: { type: 'integer', maximum: 4111111111111111 } } })
  expect((await post(gateway, chatPath, bounds)).status).toBe(200)
})

it('finds a phrase wherever parts of a message are cut, and masks it once', async () => {
  const transport = played()
  await using gateway = withRail({ kind: 'keywords', words: ['top secret'], action: 'mask', on: ['input'], mask: '*' }, transport)
  const cut = fc.array(fc.nat(16), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('a top secret b', 'top  secret', 'top secrettop secret'), cut, async (text, cuts) => {
      const at = [...new Set(cuts.map((place) => place % text.length))].sort((left, right) => left - right)
      const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length))
      transport.asked.length = 0
      const parts = pieces.map((piece) => ({ type: 'text', text: piece }))
      expect((await post(gateway, chatPath, message(parts))).status).toBe(200)
      const sent = JSON.parse(transport.asked[0] ?? '') as {
        readonly messages: readonly { readonly content: readonly { readonly text: string }[] }[]
      }
      const joined = sent.messages[0]?.content.map((part) => part.text).join('')
      expect(joined).toBe(text.replaceAll(/top\s+secret/g, '*'))
    }),
    { numRuns: 40 },
  )
})

it('refuses a body in which a field stands twice, and names it', async () => {
  const transport = played()
  await using gateway = withRail({ kind: 'pii', on: ['input'] }, transport)
  for (const [body, field] of [
    [`{"model":"m","messages":[{"role":"user","content":"${phrase}"}],"messages":[{"role":"user","content":"hi"}]}`, 'messages'],
    [`{"model":"m","messages":[{"role":"user","content":"${phrase}","content":"hi"}]}`, 'content'],
  ] as const) {
    expect(repeatedField(body)).toBe(field)
    const headers = { 'content-type': 'application/json' }
    const response = await gateway.fetch(`http://gateway.invalid${chatPath}`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`'${field}'`)
  }
  expect(transport.asked).toEqual([])
})

it.each([
  ['a long text', message('1 '.repeat(60_000))],
  ['many short ones', { messages: Array.from({ length: 8_000 }, () => ({ role: 'user', content: '+1 202-456-11 or so' })) }],
])('leaves other calls their turn while it reads %s', async (_, body) => {
  await using gateway = withRail({ kind: 'pii', country: 'US', on: ['input'] }, played())
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const response = await post(gateway, chatPath, body)
  isOver = true
  expect(response.status).toBe(200)
  // How many depends on the speed of the machine; in one go there would be one or two.
  expect(turns).toBeGreaterThan(4)
})
