/** The suites of dialects and providers pass for a plain pair, and reject those that break their rules. */
import { describe, expect, test } from 'vitest'
import { defineErrors, type BudError, type Dialect, type Provider } from '@bud-foundry/core'
import {
  dialectConformance,
  providerConformance,
  type DialectConformanceOptions,
  type ProviderConformanceOptions,
} from '@bud-foundry/core/testing/conformance'
import { failedCases } from './failed-cases.ts'
import { createPlainStreamDecoder, decodePlainAnswer, plainDialect, plainErrors, textOf } from './plain-dialect.ts'

const usage = { inputTokens: 9, cachedInputTokens: 3, cacheWriteInputTokens: 0, outputTokens: 4, reasoningTokens: 1 }
const frame = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

const dialectOptions: Omit<DialectConformanceOptions, 'describe' | 'test' | 'create'> = {
  name: 'a plain dialect',
  samples: {
    operation: 'chat',
    requests: [
      { name: 'plain', body: '{ "model": "m-1",\n "messages": [{"role":"user","text":"the \\"model\\": x"}] }' },
      { name: 'streaming', body: '{"messages":[],"stream":true,"model":"m-2","user":"u"}' },
    ],
    refused: [
      { name: 'no model', body: '{"messages":[]}', field: 'model' },
      { name: 'a number as text', body: '{"model":"m","messages":[{"role":"user","text":5}]}', field: 'messages.0.text' },
    ],
    frames: [
      { frame: frame({ start: { id: 'a', model: 'm' } }), kind: 'lifecycle' },
      { frame: frame({ text: 'hello' }), kind: 'content' },
      { frame: frame({ finish: 'stop' }), kind: 'finish' },
      { frame: frame({ usage }), kind: 'usage', usage },
      { frame: frame({ error: { message: 'no' } }), kind: 'error' },
      { frame: frame('[DONE]'), kind: 'end' },
    ],
  },
}

const failures = defineErrors('PLAIN', {
  REJECTED: {
    status: 400,
    retryable: false,
    message: ({ status }: { readonly status: number | undefined }) => `the upstream answered ${String(status)}`,
  },
  CREDENTIAL: { status: 502, retryable: true, scope: 'credential', message: () => 'the upstream does not accept the credential' },
  UNAVAILABLE: { status: 503, retryable: true, scope: 'target', message: () => 'the upstream is not available' },
})

const decodeFailure: Provider['decodeFailure'] = ({ status, headers }): BudError => {
  const seconds = Number(headers['retry-after'] === '' ? Number.NaN : headers['retry-after'])
  const options = Number.isFinite(seconds) && seconds >= 0 && seconds < 1e6 ? { retryAfterMs: seconds * 1000 } : {}
  if (status === 401 || status === 403) return failures.CREDENTIAL(undefined, options)
  return status === undefined || status === 429 || status >= 500
    ? failures.UNAVAILABLE(undefined, options)
    : failures.REJECTED({ status }, options)
}

const provider: Provider = {
  contract: 'provider/1',
  id: 'plain-upstream',
  dialect: 'plain',
  passThrough: new Set(['plain']),
  framing: 'sse',
  operations: new Set(['chat']),
  endpoint: (_, { baseUrl, credential }) => ({
    url: new URL(`${baseUrl.pathname}/chat`, baseUrl),
    headers: {
      'content-type': 'application/json',
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential.reveal()}` }),
    },
  }),
  encodeRequest: ({ messages, stream, tools }, target) => {
    if (tools.length > 0) throw plainErrors.UNSUPPORTED({ what: 'tools' })
    const body = { model: target.modelId, stream, messages: messages.map(({ role, parts }) => ({ role, text: textOf(parts) })) }
    return new TextEncoder().encode(JSON.stringify(body))
  },
  decodeResponse: (body) => {
    const { id, model, text, finish, usage: counts } = decodePlainAnswer(body)
    return { id, model, createdUnixSeconds: 0, choices: [{ parts: [{ kind: 'text', text }], finish }], usage: counts }
  },
  streamDecoder: createPlainStreamDecoder,
  decodeFailure,
}

const frames = [{ start: { id: 'a', model: 'm' } }, { text: 'hel' }, { text: 'lo' }, { finish: 'length' }, { usage }, '[DONE]'].map(
  (data) => ({
    event: undefined,
    data: typeof data === 'string' ? data : JSON.stringify(data),
  }),
)
const providerOptions: Omit<ProviderConformanceOptions, 'describe' | 'test' | 'create'> = {
  name: 'a plain provider',
  answers: [
    {
      name: 'whole',
      body: JSON.stringify({ id: 'a', model: 'm', text: 'hello', finish: 'stop', usage }),
      text: 'hello',
      finish: 'stop',
      usage,
    },
  ],
  streams: [{ name: 'stream', frames, text: 'hello', finish: 'length', usage }],
}

dialectConformance({ describe, test, ...dialectOptions, create: () => plainDialect })
providerConformance({ describe, test, ...providerOptions, create: () => provider })

describe('dialectConformance', () => {
  const rebuild = (body: Uint8Array, model: string) =>
    new TextEncoder().encode(JSON.stringify({ ...(JSON.parse(new TextDecoder().decode(body)) as object), model }))
  const shared = plainDialect.streamEncoder(plainDialect.decodeRequest(new TextEncoder().encode('{"model":"m","messages":[]}'), 'chat'), {
    includeUsage: false,
    createdUnixSeconds: 0,
  })
  test.each<[string, Partial<Dialect>, string]>([
    ['rebuilds the body', { splice: (body, { model }) => rebuild(body, model) }, 'byte for byte'],
    [
      'replaces the first model it finds',
      {
        splice: (body, { model }) =>
          new TextEncoder().encode(
            new TextDecoder().decode(body).replace(/"model"\s*:\s*"[^"]*"/, () => `"model":${JSON.stringify(model)}`),
          ),
      },
      'no reader sees another',
    ],
    [
      'forgets to escape',
      { splice: (body, { model }) => new TextEncoder().encode(new TextDecoder().decode(body).replace('m-1', model).replace('m-2', model)) },
      'any name of a model',
    ],
    [
      'throws on frames that are none',
      { classify: (bytes) => (JSON.parse(new TextDecoder().decode(bytes).slice(6)) === 1 ? 'end' : 'content') },
      'survives frames',
    ],
    [
      'takes errors for content',
      { classify: (bytes) => (plainDialect.classify(bytes) === 'error' ? 'content' : plainDialect.classify(bytes)) },
      'tells what each frame is',
    ],
    ['invents usage', { usage: () => usage }, 'reads its usage'],
    [
      'shows no message',
      { encodeError: (_, streaming) => plainDialect.encodeError(plainErrors.UNSUPPORTED({ what: 'x' }), streaming) },
      'encodes errors',
    ],
    [
      'throws what is no BudError',
      { decodeRequest: (body) => JSON.parse(new TextDecoder().decode(body)) as never },
      'refuses what is no request',
    ],
    ['leaves usage out of a stream', { streamEncoder: () => shared }, 'encodes a stream'],
  ])('rejects a dialect that %s', async (_, change, title) => {
    const failed = await failedCases((runner) => {
      dialectConformance({ ...runner, ...dialectOptions, create: () => ({ ...plainDialect, ...change }) })
    })
    expect(failed.join('\n')).toContain(title)
  })
})

describe('providerConformance', () => {
  const byWords: Provider['decodeFailure'] = (failure) =>
    decodeFailure(new TextDecoder().decode(failure.body).includes('rate limit') ? { ...failure, status: 429 } : failure)
  const repeating: Provider['decodeFailure'] = ({ body }) =>
    defineErrors('PLAIN', { ECHO: { status: 502, retryable: true, message: () => new TextDecoder().decode(body) } }).ECHO()
  const one = createPlainStreamDecoder()
  test.each<[string, Partial<Provider>, string]>([
    [
      'puts the credential into the address',
      { endpoint: (_, { baseUrl, credential }) => ({ url: new URL(`?key=${credential?.reveal() ?? ''}`, baseUrl), headers: {} }) },
      'credential in the headers',
    ],
    [
      'calls another host',
      { endpoint: (operation, target) => ({ ...provider.endpoint(operation, target), url: new URL('https://elsewhere.test') }) },
      "target's host",
    ],
    [
      "sends the caller's name of the model",
      { encodeRequest: (request, target) => provider.encodeRequest(request, { ...target, modelId: request.model }) },
      'names the model of the upstream',
    ],
    ['throws what is no BudError', { encodeRequest: () => JSON.parse('{') as never }, 'or refuses it with status 400'],
    [
      'takes anything for an answer',
      { decodeResponse: () => ({ id: '', model: '', createdUnixSeconds: 0, choices: [], usage: undefined }) },
      'no answer with a BudError',
    ],
    ['shares its decoder', { streamDecoder: () => one }, 'each on its own'],
    ['retries wrong requests', { decodeFailure: (failure) => decodeFailure({ ...failure, status: 503 }) }, 'wrong requests not'],
    ['reads messages', { decodeFailure: byWords }, 'never by the words'],
    ['repeats the credential', { decodeFailure: repeating }, 'never repeats the credential'],
  ])('rejects a provider that %s', async (_, change, title) => {
    const failed = await failedCases((runner) => {
      providerConformance({ ...runner, ...providerOptions, create: () => ({ ...provider, ...change }) })
    })
    expect(failed.join('\n')).toContain(title)
  })
})
