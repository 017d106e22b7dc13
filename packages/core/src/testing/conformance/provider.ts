/** What every Provider must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import { createSecret } from '../../config/secret.ts'
import type { CanonicalDelta, CanonicalRequest, FinishReason, TokenUsage } from '../../contracts/canonical.ts'
import type { StreamDecoder } from '../../contracts/dialect.ts'
import type { Provider, Target } from '../../contracts/provider.ts'
import { isBudError, type BudError } from '../../error/bud-error.ts'
import { plainRequest, requestGallery } from './request-gallery.ts'
import { frozen, malformedBodies, registerCases, resultOrBudError, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

type Frame = Parameters<StreamDecoder['push']>[0]

/** What a sample must decode to. */
export interface ExpectedAnswer {
  readonly text: string
  readonly finish: FinishReason
  readonly usage?: TokenUsage | undefined
}

/** What the suite is run on. */
export interface ProviderConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Provider
  /** Settings that the provider's targets need, e.g. Azure's `apiVersion`. */
  readonly targetOptions?: Readonly<Record<string, string>> | undefined
  /** Whole answers and streams of the upstream, recorded or written from its specification; none for a provider that only passes through. */
  readonly answers: readonly ({ readonly name: string; readonly body: string } & ExpectedAnswer)[]
  readonly streams: readonly ({ readonly name: string; readonly frames: readonly Frame[] } & ExpectedAnswer)[]
}

const encoder = new TextEncoder()
const credentialText = 'credential-canary-0123456789'

function targetOf(options: ProviderConformanceOptions, credential: string | undefined): Target {
  return Object.freeze({
    id: 'target-1',
    providerId: options.create().id,
    modelId: 'upstream/model-1',
    baseUrl: new URL('https://upstream.test/base/v1'),
    credential: credential === undefined ? undefined : createSecret(credential),
    weight: 1,
    tier: 0,
    options: Object.freeze({ ...options.targetOptions }),
  })
}

function failureOf(
  provider: Provider,
  target: Target,
  status: number | undefined,
  more: { readonly body?: string | Uint8Array; readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
): BudError {
  const { body = '', headers = {}, cause } = more
  const error = provider.decodeFailure({ status, headers, body: typeof body === 'string' ? encoder.encode(body) : body, cause, target })
  assert.ok(isBudError(error), `decodeFailure must return a BudError for ${String(status)}`)
  return error
}

const decision = ({ code, status, retryable, scope, retryAfterMs }: BudError) => ({ code, status, retryable, scope, retryAfterMs })

function requestCases(options: ProviderConformanceOptions): readonly ConformanceCase[] {
  const provider = options.create()
  const target = targetOf(options, credentialText)
  return [
    [
      'names its contract, itself, its dialect and its operations',
      () => {
        assert.equal(provider.contract, 'provider/1')
        assert.match(provider.id, /^[a-z][a-z0-9-]*$/)
        assert.match(provider.dialect, /^[a-z][a-z0-9-]*$/)
        assert.ok(provider.operations.size > 0)
      },
    ],
    [
      "sends each operation to its target's host, with the credential in the headers and nowhere else",
      () => {
        for (const operation of provider.operations) {
          const { url, headers } = provider.endpoint(operation, target)
          assert.equal(url.origin, target.baseUrl.origin, operation)
          assert.ok(!decodeURIComponent(url.href).includes(credentialText), `${operation}: the credential is in the address`)
          for (const [name, value] of Object.entries(headers)) {
            assert.match(name, /^[a-z0-9-]+$/, `${operation}: header names are lower case`)
            assert.doesNotMatch(value, /[\r\n\0]/)
          }
          const carriesCredential = Object.values(headers).some((value) => value.includes(credentialText))
          assert.ok(carriesCredential || provider.authorize !== undefined, `${operation}: no header carries the credential`)
          const again = provider.endpoint(operation, target)
          assert.deepEqual([again.url.href, again.headers], [url.href, headers], operation)
        }
      },
    ],
    [
      'leaves no empty credential in the headers of a target without one',
      () => {
        for (const operation of provider.operations) {
          const outcome = resultOrBudError(() => provider.endpoint(operation, targetOf(options, undefined)), operation)
          if ('error' in outcome) continue
          for (const [name, value] of Object.entries(outcome.value.headers))
            assert.doesNotMatch(value, /undefined|\[secret\]|^Bearer\s*$/, name)
        }
      },
    ],
  ]
}

function translationCases(options: ProviderConformanceOptions): readonly ConformanceCase[] {
  const provider = options.create()
  const target = targetOf(options, credentialText)
  const encode = (request: CanonicalRequest) => provider.encodeRequest(frozen(request), target)
  return [
    [
      'encodes a plain request as JSON that names the model of the upstream, the same each time',
      () => {
        const body = encode(plainRequest)
        assert.ok(typeof JSON.parse(new TextDecoder().decode(body)) === 'object')
        assert.deepEqual(encode(plainRequest), body)
        const { url } = provider.endpoint('chat', target)
        const sent = new TextDecoder().decode(body) + decodeURIComponent(url.href)
        assert.ok(sent.includes(target.modelId), 'neither body nor address names the model')
        assert.ok(!sent.includes(plainRequest.model), "the caller's name of the model must not reach the upstream")
        assert.ok(!sent.includes(credentialText))
      },
    ],
    [
      'encodes what callers may ask for, or refuses it with status 400',
      () => {
        let encoded = 0
        for (const [name, request] of requestGallery) {
          const outcome = resultOrBudError(() => encode(request), name)
          if ('error' in outcome) {
            assert.equal(outcome.error.status, 400, `${name}: ${outcome.error.message}`)
            continue
          }
          JSON.parse(new TextDecoder().decode(outcome.value))
          encoded += 1
        }
        assert.ok(encoded > 0, 'every request of the gallery was refused')
      },
    ],
    [
      'decodes whole answers',
      () => {
        for (const { name, body, text: expected, finish, usage } of options.answers) {
          const response = provider.decodeResponse(encoder.encode(body), plainRequest)
          const [choice] = response.choices
          assert.ok(choice !== undefined, name)
          assert.equal(choice.parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''), expected, name)
          assert.equal(choice.finish, finish, name)
          assert.deepEqual(response.usage, usage, name)
        }
      },
    ],
    [
      'decodes streams, each on its own: start first, one finish, and complete at the end only',
      () => {
        const request = { ...plainRequest, stream: true }
        for (const { name, frames, text: expected, finish, usage } of options.streams) {
          const [one, other] = [provider.streamDecoder(request), provider.streamDecoder(request)]
          assert.equal(one.complete, false, name)
          const deltas = frames.flatMap((frame) => one.push(frozen(frame)))
          assert.equal(one.complete, true, name)
          assert.equal(other.complete, false, `${name}: two decoders share their state`)
          assert.deepEqual(
            frames.flatMap((frame) => other.push(frame)),
            deltas,
            `${name}: a decoder is not its own`,
          )
          assertStream(name, deltas, { text: expected, finish, usage })
        }
      },
    ],
    [
      'answers bytes that are no answer with a BudError, whole and in a stream',
      () => {
        for (const [name, body] of malformedBodies) {
          const outcome = resultOrBudError(() => provider.decodeResponse(body, plainRequest), `an answer of ${name}`)
          assert.ok('error' in outcome, `an answer of ${name} was taken for one`)
          resultOrBudError(
            () => provider.streamDecoder(plainRequest).push({ event: undefined, data: new TextDecoder().decode(body) }),
            `a frame of ${name}`,
          )
        }
        for (const { name, frames } of options.streams) {
          for (const frame of frames) {
            resultOrBudError(
              () => provider.streamDecoder(plainRequest).push({ ...frame, data: frame.data.slice(0, frame.data.length / 2) }),
              `half a frame of ${name}`,
            )
          }
        }
      },
    ],
  ]
}

function assertStream(name: string, deltas: readonly CanonicalDelta[], expected: ExpectedAnswer): void {
  assert.equal(deltas[0]?.kind, 'start', `${name}: a stream begins with its start`)
  assert.equal(deltas.map((delta) => (delta.kind === 'text' ? delta.text : '')).join(''), expected.text, name)
  const finishes = deltas.filter((delta) => delta.kind === 'finish')
  assert.deepEqual(
    finishes.map(({ reason }) => reason),
    [expected.finish],
    `${name}: a stream finishes once`,
  )
  const usage = deltas.findLast((delta) => delta.kind === 'usage')
  assert.deepEqual(usage?.usage, expected.usage, name)
}

function failureCases(options: ProviderConformanceOptions): readonly ConformanceCase[] {
  const provider = options.create()
  const target = targetOf(options, credentialText)
  return [
    [
      'calls overload and broken connections retryable, and wrong requests not',
      () => {
        for (const status of [429, 502, 503, 504]) assert.equal(failureOf(provider, target, status).retryable, true, String(status))
        assert.equal(failureOf(provider, target, undefined, { cause: new Error('ECONNRESET') }).retryable, true)
        for (const status of [400, 422]) assert.equal(failureOf(provider, target, status).retryable, false, String(status))
      },
    ],
    [
      'says what a failure taints: the credential of a 401, the target of a 503, the request of a 400',
      () => {
        assert.deepEqual(
          [401, 503, 400].map((status) => failureOf(provider, target, status).scope),
          ['credential', 'target', 'request'],
        )
      },
    ],
    [
      'reads how long to wait from retry-after',
      () => {
        assert.equal(failureOf(provider, target, 429, { headers: { 'retry-after': '7' } }).retryAfterMs, 7000)
        for (const value of ['', 'soon', '-1', 'NaN', '1e99']) {
          const { retryAfterMs } = failureOf(provider, target, 429, { headers: { 'retry-after': value } })
          assert.ok(retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= 0), `retry-after: ${value}`)
        }
      },
    ],
    [
      'decides by status and fields, never by the words of a message',
      () => {
        const bodyOf = (message: string) => JSON.stringify({ error: { message } })
        for (const status of [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]) {
          const decisions = ['it went wrong', 'rate limit reached, overloaded, timeout', 'invalid api key'].map((message) =>
            decision(failureOf(provider, target, status, { body: bodyOf(message) })),
          )
          assert.deepEqual(decisions[1], decisions[0], String(status))
          assert.deepEqual(decisions[2], decisions[0], String(status))
        }
      },
    ],
    [
      'classifies any body at all, and never repeats the credential that a body shows',
      () => {
        for (const status of [undefined, 200, 302, 400, 401, 429, 500, 599]) {
          for (const [, body] of malformedBodies) failureOf(provider, target, status, { body })
        }
        const { message } = failureOf(provider, target, 401, {
          body: JSON.stringify({ error: { message: `Incorrect API key provided: ${credentialText}` } }),
        })
        assert.ok(!message.includes(credentialText), 'the message of the error repeats the credential')
      },
    ],
  ]
}

/** Registers the suite: `providerConformance({ describe, test, name, create, answers, streams })`. */
export function providerConformance(options: ProviderConformanceOptions): void {
  const translates = options.answers.length > 0 && options.streams.length > 0
  assert.ok(
    translates || options.answers.length + options.streams.length === 0,
    `${options.name}: give whole answers and streams, or neither`,
  )
  const cases = [...requestCases(options), ...(translates ? translationCases(options) : []), ...failureCases(options)]
  registerCases(options, `${options.name} conforms to provider/1`, cases)
}
