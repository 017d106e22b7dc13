/** Captured bodies: off unless configured, never a secret in them, bounded. */
import { payloadEventSchema, type BudEvent, type PayloadEvent, type Sink } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { capturedBodyBytes } from '../../src/limits.ts'
import { compileRedaction } from '../../src/telemetry/redaction.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import {
  completion,
  doneFrame,
  finishFrame,
  refuse,
  roleFrame,
  sendJson,
  startSse,
  streamThen,
  textFrame,
} from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

class PayloadSink implements Sink {
  readonly contract = 'sink/1'
  readonly kinds = new Set(['payload'])
  readonly events: PayloadEvent[] = []
  write(batch: readonly BudEvent[]): Promise<void> {
    this.events.push(...batch.map((event) => payloadEventSchema.parse(event)))
    return Promise.resolve()
  }
  flush(): Promise<void> {
    return Promise.resolve()
  }
  receipt() {
    return { produced: this.events.length, stored: this.events.length, pending: 0, dropped: 0 }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

type Capture = NonNullable<NonNullable<GatewayConfigInput['telemetry']>['capture']>

/** What the sink holds after the requests were served and the gateway closed. */
async function captured(capture: Capture | undefined, answer: Answer, bodies: readonly unknown[], path = '/v1/chat/completions') {
  await using upstream = await startUpstream(answer)
  const payloads = new PayloadSink()
  const telemetry = { flushMs: 5, ...(capture === undefined ? {} : { capture }) }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), telemetry }, { payloads })
  for (const body of bodies) await (await test.post(path, body)).text()
  await test.gateway.close()
  return { events: payloads.events, requests: test.sink.events, key: test.key }
}

const says =
  (text: string): Answer =>
  (res, { json }) => {
    if (json['stream'] !== true) {
      sendJson(res, 200, completion(text))
      return
    }
    startSse(res)
    // Three characters an event: no secret stands in one event.
    res.end([roleFrame, ...(text.match(/[\s\S]{1,3}/g) ?? []).map((piece) => textFrame(piece)), finishFrame, doneFrame].join(''))
  }

const canaries = [
  'sk-proj-canary1234567890abcdef',
  'canary.person@example.com',
  'ghp_canary1234567890abcdefghij',
  'AKIACANARY1234567890',
  'eyJjYW5hcnkxMjM0.eyJjYW5hcnkxMjM0NTY3.c2lnbmF0dXJl',
  'CUSTOM-4242-CANARY',
]
const text = `before ${canaries.join(' and ')} after`
const capture: Capture = { share: 1, redact: ['keys', 'emails', { pattern: 'custom-\\d+-canary', flags: 'i' }] }

describe('canary secrets', () => {
  it.each([false, true])('are in no captured body (stream: %s), while the rest is', async (stream) => {
    const body = chat({ stream, messages: [{ role: 'user', content: text }], metadata: { [canaries[0] ?? '']: 'x' } })
    const { events, requests, key } = await captured(capture, says(text), [body])
    expect(events).toHaveLength(1)
    expect(events[0]?.requestId).toBe(requests[0]?.id)
    const stored = JSON.stringify(events)
    for (const secret of [...canaries, key, 'Bearer']) expect(stored).not.toContain(secret)
    expect(events[0]?.request).toContain('before [redacted] and [redacted]')
    expect(events[0]?.response).toContain('before [redacted] and [redacted]')
    expect(events[0]?.response).toContain('after')
  })

  it('are found behind escapes, too', async () => {
    const escaped = JSON.stringify(chat({ messages: [{ role: 'user', content: 'x canary.person@example.com y' }] })).replace('@', '\\u0040')
    const { events } = await captured(capture, says('ok'), [escaped])
    expect(events[0]?.request).toContain('x [redacted] y')
  })

  it('are not cut in two by the size limit', async () => {
    for (let maxBytes = 60; maxBytes < 120; maxBytes += 7) {
      const { events } = await captured({ ...capture, maxBytes }, says('ok'), [chat({ messages: [{ role: 'user', content: text }] })])
      expect(events[0]?.request).not.toMatch(/sk-p|canary/)
      expect(Buffer.byteLength(events[0]?.request ?? '')).toBeLessThanOrEqual(maxBytes)
      expect(events[0]?.requestTruncated).toBe(true)
    }
  })
})

describe('a failure', () => {
  it.each([false, true])('is captured as the caller was told it, redacted (stream: %s)', async (stream) => {
    const refusal = { message: `no such user: ${canaries[1] ?? ''}`, type: 'invalid_request_error', code: 'invalid_value' }
    const { events } = await captured(capture, refuse(400, refusal), [chat({ stream })])
    expect(JSON.parse(events[0]?.response ?? '')).toEqual({ error: { ...refusal, message: 'no such user: [redacted]' } })
    expect(events[0]?.responseTruncated).toBe(false)
  })

  it('of the gateway’s own making is captured too', async () => {
    const { events } = await captured(capture, refuse(401), [chat()])
    expect(JSON.parse(events[0]?.response ?? '')).toMatchObject({ error: { code: 'provider_credential_rejected' } })
  })

  it('after the beginning of a stream stands behind what was sent', async () => {
    const broken = streamThen([roleFrame, textFrame('half a '), textFrame('word')], (res) => res.destroy())
    const { events } = await captured(capture, broken, [chat({ stream: true })])
    const [said, error] = events[0]?.response.split('\n') ?? []
    expect(said).toBe('half a word')
    expect(JSON.parse(error ?? '')).toMatchObject({ error: { code: 'stream_interrupted' } })
  })
})

describe('a completion stream', () => {
  const completionFrame = (index: number, text: string) =>
    `data: ${JSON.stringify({ id: 'cmpl-1', object: 'text_completion', model: 'm', choices: [{ index, text, finish_reason: null }] })}\n\n`
  const streams =
    (...frames: readonly string[]): Answer =>
    (res) => {
      startSse(res)
      res.end([...frames, completionFrame(0, '').replace('"finish_reason":null', '"finish_reason":"stop"'), doneFrame].join(''))
    }

  it('is captured whole and redacted', async () => {
    const frames = (text.match(/[\s\S]{1,3}/g) ?? []).map((piece) => completionFrame(0, piece))
    const body = { model: 'm', prompt: 'hi', stream: true }
    const { events } = await captured(capture, streams(...frames), [body], '/v1/completions')
    expect(events[0]?.response).toMatch(/^before \[redacted\] and .* after$/)
    for (const secret of canaries) expect(events[0]?.response).not.toContain(secret)
  })

  it('of several choices that take turns is captured choice by choice: no secret hides between them', async () => {
    const secret = canaries[1] ?? ''
    const frames = Array.from(secret).flatMap((letter) => [completionFrame(0, letter), completionFrame(1, letter)])
    const body = { model: 'm', prompt: 'hi', n: 2, stream: true }
    const { events } = await captured(capture, streams(...frames), [body], '/v1/completions')
    expect(events[0]?.response).toBe('[redacted]\n[redacted]')
  })
})

it('nothing is captured unless it is configured', async () => {
  const { events, requests } = await captured(undefined, says('ok'), [chat(), chat()])
  expect(requests).toHaveLength(2)
  expect(events).toEqual([])
})

it('a share of the requests is captured', async () => {
  const { events } = await captured(
    { share: 0.5 },
    says('ok'),
    Array.from({ length: 100 }, () => chat()),
  )
  expect(events.length).toBeGreaterThan(20)
  expect(events.length).toBeLessThan(80)
})

it('a body too large to be redacted whole is left out', async () => {
  const { events } = await captured(capture, says('ok'), [chat({ messages: [{ role: 'user', content: 'x'.repeat(capturedBodyBytes) }] })])
  expect(events[0]).toMatchObject({ request: '', requestTruncated: true, responseTruncated: false })
})

it('of a stream too long to be kept the start is kept', async () => {
  const { events } = await captured({ share: 1, maxBytes: 10_000_000 }, says('word '.repeat(20_000)), [chat({ stream: true })])
  expect(events[0]?.responseTruncated).toBe(true)
  expect(events[0]?.response).toMatch(/^word word/)
})

it.each(['(', 'a(?=b)', String.raw`(a)\1`])('a pattern that RE2 does not know (%s) is refused with its place', async (pattern) => {
  await expect(captured({ share: 1, redact: [{ pattern }] }, says('ok'), [])).rejects.toThrow(/telemetry\.capture\.redact/)
})

it('redaction costs one pass, whatever the text', () => {
  const redact = compileRedaction(['keys', 'emails', { pattern: '(x+)+$', flags: '' }])
  for (const hostile of [
    'a'.repeat(500_000),
    `${'x'.repeat(40)}!`,
    'a.'.repeat(250_000),
    'a@'.repeat(250_000),
    'sk-'.repeat(160_000),
    '-----BEGIN PRIVATE KEY-----'.repeat(15_000),
  ]) {
    const start = performance.now()
    redact(hostile)
    expect(performance.now() - start).toBeLessThan(3_000)
  }
})
