/** Upstream failures are classified from status, headers and body fields alone. */
import { createSecret, isBudError } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { readRetryAfterMs } from '../../src/providers/retry-after.ts'
import { target } from './target.ts'

const at = target({ providerId: 'openai', modelId: 'm', credential: createSecret('sk-secret') })
const fail = (status: number | undefined, body: unknown = {}, headers: Record<string, string> = {}) =>
  openai.decodeFailure({
    status,
    headers,
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    cause: status === undefined ? new Error('ECONNRESET') : undefined,
    target: at,
  })
const openaiBody = (fields: object) => ({ error: { message: 'why', type: 'invalid_request_error', param: null, code: null, ...fields } })

describe('decodeFailure', () => {
  it.each([
    [400, openaiBody({}), 'REQUEST_REJECTED', { status: 400, retryable: false, scope: 'request' }],
    [400, openaiBody({ code: 'content_filter' }), 'CONTENT_FILTERED', { status: 400, retryable: false, scope: 'request' }],
    [400, openaiBody({ innererror: { code: 'ResponsibleAIPolicyViolation' } }), 'CONTENT_FILTERED', { retryable: false }],
    [400, openaiBody({ code: 'context_length_exceeded' }), 'REQUEST_REJECTED', { retryable: false }],
    [401, openaiBody({ code: 'invalid_api_key' }), 'CREDENTIAL_REJECTED', { status: 502, retryable: true, scope: 'credential' }],
    [403, {}, 'CREDENTIAL_REJECTED', { scope: 'credential' }],
    [402, {}, 'QUOTA_EXHAUSTED', { status: 429, scope: 'credential' }],
    [404, openaiBody({ code: 'model_not_found' }), 'MODEL_NOT_FOUND', { status: 404, retryable: true, scope: 'target' }],
    [400, openaiBody({ code: 'model_not_found' }), 'MODEL_NOT_FOUND', { scope: 'target' }],
    [408, {}, 'TIMED_OUT', { retryable: true, scope: 'target' }],
    [409, {}, 'CONFLICT', { retryable: true, scope: 'target' }],
    [413, {}, 'REQUEST_TOO_LARGE', { status: 413, retryable: false }],
    [
      422,
      { detail: [{ loc: ['body', 'x'], msg: 'extra', type: 'extra_forbidden' }] },
      'REQUEST_UNPROCESSABLE',
      { status: 422, retryable: false },
    ],
    [
      429,
      openaiBody({ type: 'requests', code: 'rate_limit_exceeded' }),
      'RATE_LIMITED',
      { status: 429, retryable: true, scope: 'credential' },
    ],
    [
      429,
      openaiBody({ type: 'insufficient_quota', code: 'insufficient_quota' }),
      'QUOTA_EXHAUSTED',
      { retryable: true, scope: 'credential' },
    ],
    [500, 'Internal Server Error', 'FAILED', { status: 502, retryable: true, scope: 'target' }],
    [502, '<html>', 'FAILED', { retryable: true, scope: 'target' }],
    [503, {}, 'OVERLOADED', { status: 503, retryable: true, scope: 'target' }],
    [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'OVERLOADED', { scope: 'target' }],
    [302, {}, 'FAILED', { retryable: true, scope: 'target' }],
    [200, { error: { message: 'x', type: 'overloaded_error' } }, 'OVERLOADED', { scope: 'target' }],
    [200, { error: { message: 'x', code: 429 } }, 'RATE_LIMITED', { scope: 'credential' }],
    [200, { object: 'error', message: 'too long', code: 400 }, 'REQUEST_REJECTED', { retryable: false }],
    [200, { error: { message: 'x', type: 'server_error' } }, 'FAILED', { retryable: true, scope: 'target' }],
    [undefined, '', 'UNREACHABLE', { status: 502, retryable: true, scope: 'target' }],
  ])('%s %j', (status, body, key, expected) => {
    const error = fail(status, body)
    expect(isBudError(error)).toBe(true)
    expect(error).toMatchObject({ code: `GATEWAY_PROVIDER_${key}`, ...expected })
    expect(error.message).not.toContain('sk-secret')
  })

  it('repeats what the upstream said to the caller, and keeps its failures of its own kind', () => {
    const rejected = fail(400, openaiBody({ message: 'temperature is too hot', param: 'temperature', code: 'unsupported_value' }))
    expect(rejected.details).toMatchObject({ upstreamStatus: 400, upstreamCode: 'unsupported_value', param: 'temperature' })
    const text = new TextDecoder().decode(openaiChat.encodeError(rejected, false))
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' } })
    expect(text).toContain('temperature is too hot')
    const unauthorized = fail(401, openaiBody({ code: 'invalid_api_key' }))
    expect(JSON.parse(new TextDecoder().decode(openaiChat.encodeError(unauthorized, false)))).toMatchObject({
      error: { type: 'server_error' },
    })
    expect(JSON.parse(new TextDecoder().decode(anthropicMessages.encodeError(unauthorized, false)))).toMatchObject({
      error: { type: 'api_error' },
    })
  })

  it.each([
    ['vLLM', { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 }],
    ['TGI', { error: 'too long', error_type: 'validation' }],
    ['FastAPI', { detail: 'too long' }],
    ['Anthropic', { type: 'error', error: { type: 'invalid_request_error', message: 'too long' } }],
    ['a list', [{ error: { message: 'too long', code: 400 } }]],
  ])('reads the message of %s', (_name, body) => {
    expect(fail(400, body).details).toMatchObject({ upstreamMessage: 'too long' })
  })

  it('names its provider', () => {
    const error = anthropic.decodeFailure({ status: 500, headers: {}, body: new Uint8Array(), cause: undefined, target: at })
    expect(error.details).toMatchObject({ providerId: 'anthropic', targetId: 'openai/m' })
  })
})

describe('retryAfterMs', () => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['fractions of seconds', { 'retry-after': '0.25' }, 250],
    ['milliseconds first', { 'retry-after-ms': '1234', 'retry-after': '9' }, 1_234],
    ['an HTTP date against the answer’s own', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date }, 30_000],
    ['a date that has passed', { 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date }, 0],
    ['a date without a clock', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, undefined],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    [
      'OpenAI’s reset of the limit that is used up',
      {
        'x-ratelimit-remaining-requests': '3',
        'x-ratelimit-reset-requests': '1m',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '1m2.5s',
      },
      62_500,
    ],
    ['OpenAI’s milliseconds', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, 120],
    [
      'Anthropic’s reset',
      { 'anthropic-ratelimit-output-tokens-remaining': '0', 'anthropic-ratelimit-output-tokens-reset': '2026-10-21T07:28:12Z', date },
      12_000,
    ],
    ['limits that are not used up', { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '1m' }, undefined],
    ['at most a day', { 'retry-after': '99999999' }, 86_400_000],
  ])('%s', (_name, headers, expected) => {
    expect(readRetryAfterMs(headers)).toBe(expected)
    expect(fail(429, {}, headers).retryAfterMs).toBe(expected)
  })

  it('uses a clock where the answer has no date', () => {
    expect(readRetryAfterMs({ 'retry-after': date }, Date.parse(date) - 5_000)).toBe(5_000)
  })
})
