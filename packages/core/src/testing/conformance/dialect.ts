/** What every Dialect must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { CanonicalDelta, CanonicalOperation, CanonicalRequest, CanonicalResponse, TokenUsage } from '../../contracts/canonical.ts'
import type { Dialect, FrameKind } from '../../contracts/dialect.ts'
import { coreErrors } from '../../error/core-errors.ts'
import { createSseFramer } from '../../http/sse-framer.ts'
import { assertBudError, frozen, malformedBodies, registerCases, resultOrBudError, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** The wire format by example. */
export interface DialectSamples {
  readonly operation: CanonicalOperation
  /** Bodies that callers send, each a JSON object with a top-level `model`; one of them streams. */
  readonly requests: readonly { readonly name: string; readonly body: string }[]
  /** Bodies that are refused, and the field that the refusal names. */
  readonly refused: readonly { readonly name: string; readonly body: string; readonly field: string }[]
  /** Whole frames of streamed answers as the wire carries them. */
  readonly frames: readonly { readonly frame: string; readonly kind: FrameKind; readonly usage?: TokenUsage | undefined }[]
}

/** What the suite is run on. */
export interface DialectConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Dialect
  readonly samples: DialectSamples
  /** Top-level fields beside `model` that `splice` may add or change, e.g. `stream_options`. */
  readonly spliceFields?: readonly string[] | undefined
  /** False for a dialect that is only passed through: nothing is encoded. */
  readonly translates?: boolean | undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const kinds: readonly FrameKind[] = ['lifecycle', 'content', 'finish', 'usage', 'error', 'end']
const trickyModels = ['gpt-x', 'org/model:tag', 'with "quotes" and \\', 'ä€😀', '</model>', '$&$1']

const usage: TokenUsage = frozen({ inputTokens: 12, cachedInputTokens: 4, cacheWriteInputTokens: 0, outputTokens: 5, reasoningTokens: 0 })
const answer: CanonicalResponse = frozen({
  id: 'answer-1',
  model: 'model-1',
  createdUnixSeconds: 1_767_225_600,
  choices: [{ parts: [{ kind: 'text', text: 'Hello "world" ä€😀\n' }], finish: 'stop' }],
  usage,
})
const deltas: readonly CanonicalDelta[] = frozen([
  { kind: 'start', id: 'answer-1', model: 'model-1' },
  { kind: 'text', index: 0, text: 'Hello ' },
  { kind: 'text', index: 0, text: '"world" ä€😀\n' },
  { kind: 'finish', reason: 'stop' },
  { kind: 'usage', usage },
])

// Samples are JSON objects by their definition; what else is parsed here came out of the dialect and must be one too.
const parse = (body: Uint8Array | string) => JSON.parse(typeof body === 'string' ? body : decoder.decode(body)) as Record<string, unknown>

function assertUsage(read: TokenUsage): void {
  for (const [name, count] of Object.entries(read)) assert.ok(Number.isSafeInteger(count) && count >= 0, `${name} is ${String(count)}`)
  assert.ok(read.cachedInputTokens + read.cacheWriteInputTokens <= read.inputTokens, 'cached tokens are part of the input')
  assert.ok(read.reasoningTokens <= read.outputTokens, 'reasoning tokens are part of the output')
}

/** Without `model` and what else the gateway owns. */
function foreign(body: Record<string, unknown>, owned: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'model' && !owned.includes(name)))
}

function requestCases(dialect: Dialect, samples: DialectSamples, owned: readonly string[]): readonly ConformanceCase[] {
  return [
    [
      'reads model and stream as a JSON parser would',
      () => {
        for (const { name, body } of samples.requests) {
          const head = dialect.readHead(encoder.encode(body))
          assert.deepEqual([head.model, head.stream], [parse(body)['model'], parse(body)['stream'] === true], name)
          const raw = head.raw('model')
          assert.ok(raw !== undefined)
          assert.equal(JSON.parse(decoder.decode(raw)), parse(body)['model'], name)
          assert.equal(head.raw('no-such-field'), undefined)
        }
      },
    ],
    [
      'changes the model, what it owns, and nothing else, for any name of a model',
      () => {
        for (const { name, body } of samples.requests) {
          for (const model of trickyModels) {
            const bytes = encoder.encode(body)
            const spliced = dialect.splice(bytes, { model })
            assert.equal(parse(spliced)['model'], model, name)
            assert.deepEqual(foreign(parse(spliced), owned), foreign(parse(body), owned), name)
            assert.equal(decoder.decode(bytes), body, 'the input was written to')
            assert.deepEqual(
              dialect.splice(bytes, { model }, dialect.readHead(bytes)),
              spliced,
              'a head read before must not change the result',
            )
          }
        }
      },
    ],
    [
      'keeps what it does not own byte for byte: numbers, escapes, spaces, unknown fields',
      () => {
        const [sample] = samples.requests
        assert.ok(sample !== undefined)
        const odd = ' \t"x_big" : 12345678901234567890123 , "x_float":1.0e+2,"x_escape":"\\u00e4\\/","x_nested":{"model":"inner", "a":[ ]}'
        const body = sample.body.replace('{', `{${odd},`)
        assert.ok(decoder.decode(dialect.splice(encoder.encode(body), { model: 'other' })).includes(odd))
      },
    ],
    [
      'replaces a repeated or escaped model field, so that no reader sees another',
      () => {
        const [sample] = samples.requests
        assert.ok(sample !== undefined)
        const attacks = [sample.body.replace(/\}\s*$/, ',"model":"forged"}'), sample.body.replace(/\}\s*$/, ',"mod\\u0065l":"forged"}')]
        for (const body of attacks) {
          const outcome = resultOrBudError(() => dialect.splice(encoder.encode(body), { model: 'chosen' }), 'a repeated field')
          if ('value' in outcome) assert.equal(parse(outcome.value)['model'], 'chosen', body)
          else assert.equal(outcome.error.status, 400)
        }
      },
    ],
    [
      'refuses a body that is no JSON object with status 400',
      () => {
        for (const [name, body] of malformedBodies) assertBudError(() => dialect.readHead(body), 400, `a body of ${name}`)
      },
    ],
  ]
}

function frameCases(dialect: Dialect, samples: DialectSamples): readonly ConformanceCase[] {
  return [
    [
      'tells what each frame is, and reads its usage',
      () => {
        assert.ok(samples.frames.some(({ kind }) => kind === 'content') && samples.frames.some((frame) => frame.usage !== undefined))
        for (const { frame, kind, usage: expected } of samples.frames) {
          assert.equal(dialect.classify(encoder.encode(frame)), kind, frame)
          assert.deepEqual(dialect.usage(encoder.encode(frame)), expected, frame)
          if (expected !== undefined) assertUsage(expected)
        }
      },
    ],
    [
      'survives frames that are none',
      () => {
        const damaged = samples.frames.flatMap(({ frame }) => [
          frame.slice(0, frame.length / 2),
          frame.replaceAll('"', ''),
          frame.replaceAll('{', ''),
        ])
        for (const body of [...malformedBodies.map(([, bytes]) => bytes), ...damaged.map((text) => encoder.encode(text))]) {
          assert.ok(kinds.includes(dialect.classify(body)))
          const read = dialect.usage(body)
          if (read !== undefined) assertUsage(read)
        }
      },
    ],
    [
      'encodes errors with their message: as a body, and as a frame that it knows for an error',
      () => {
        const error = coreErrors.CLOSED({ what: 'the "thing"\nä€😀' })
        const { message } = error
        assert.ok(JSON.stringify(parse(dialect.encodeError(error, false))).includes(JSON.stringify(message).slice(1, -1)))
        const frame = dialect.encodeError(error, true)
        assert.equal(dialect.classify(frame), 'error')
        assert.ok(decoder.decode(frame).includes(JSON.stringify(message).slice(1, -1)))
        assert.match(decoder.decode(frame), /\n$/)
      },
    ],
  ]
}

/** The frames of one streamed answer: an encoder may write several at once. */
function encodeStream(dialect: Dialect, request: CanonicalRequest, includeUsage: boolean): readonly Uint8Array[] {
  const stream = dialect.streamEncoder(request, { includeUsage, createdUnixSeconds: answer.createdUnixSeconds })
  const framer = createSseFramer()
  const frames = [...deltas.map((delta) => stream.push(delta)), stream.end()].flatMap((bytes) =>
    bytes === undefined ? [] : framer.push(bytes),
  )
  assert.equal(framer.end(), undefined, 'the stream ends within a frame')
  return frames
}

function translationCases(dialect: Dialect, samples: DialectSamples): readonly ConformanceCase[] {
  const requests = samples.requests.map(
    ({ name, body }) => [name, body, () => dialect.decodeRequest(encoder.encode(body), samples.operation)] as const,
  )
  return [
    [
      'decodes every request, the same each time',
      () => {
        for (const [name, body, decode] of requests) {
          const request = decode()
          assert.deepEqual(
            [request.operation, request.model, request.stream],
            [samples.operation, parse(body)['model'], parse(body)['stream'] === true],
            name,
          )
          assert.deepEqual(decode(), request, name)
        }
      },
    ],
    [
      'refuses what is no request with status 400, and names the field',
      () => {
        for (const [name, body] of malformedBodies)
          assertBudError(() => dialect.decodeRequest(body, samples.operation), 400, `a body of ${name}`)
        for (const { name, body, field } of samples.refused) {
          const { message } = assertBudError(() => dialect.decodeRequest(encoder.encode(body), samples.operation), 400, name)
          assert.ok(message.includes(field), `${name}: the message must name ${field}, and is: ${message}`)
        }
      },
    ],
    [
      'encodes an answer whose usage and text can be read from it',
      () => {
        for (const [name, , decode] of requests) {
          const body = dialect.encodeResponse(answer, decode())
          assert.deepEqual(dialect.usage(body), usage, name)
          assert.ok(JSON.stringify(parse(body)).includes(JSON.stringify('Hello "world" ä€😀\n').slice(1, -1)), name)
        }
      },
    ],
    [
      'encodes a stream whose frames it can tell apart, and whose encoders do not disturb each other',
      () => {
        for (const [name, , decode] of requests) {
          const frames = encodeStream(dialect, decode(), true)
          const seen = frames.map((frame) => dialect.classify(frame))
          assert.ok(seen.includes('content') && (seen.includes('finish') || seen.includes('end')), `${name}: ${seen.join(' ')}`)
          assert.ok(!seen.includes('error'), name)
          const last = frames.map((frame) => dialect.usage(frame)).findLast((read) => read !== undefined)
          assert.equal(last?.outputTokens, usage.outputTokens, name)
          assert.deepEqual(encodeStream(dialect, decode(), true), frames, name)
        }
      },
    ],
  ]
}

/** Registers the suite: `dialectConformance({ describe, test, name, create, samples })`. */
export function dialectConformance(options: DialectConformanceOptions): void {
  const { samples, spliceFields = [], translates = true } = options
  const dialect = options.create()
  assert.ok(
    samples.requests.some(({ body }) => parse(body)['stream'] === true) && samples.frames.length > 0,
    `${options.name}: give a streaming request and frames`,
  )
  const names: ConformanceCase = [
    'names its contract and itself',
    () => {
      assert.equal(dialect.contract, 'dialect/1')
      assert.match(dialect.id, /^[a-z][a-z0-9-]*$/)
    },
  ]
  const cases = [
    names,
    ...requestCases(dialect, samples, spliceFields),
    ...frameCases(dialect, samples),
    ...(translates ? translationCases(dialect, samples) : []),
  ]
  registerCases(options, `${options.name} conforms to dialect/1`, cases)
}
