/** Hands bodies of sampled requests to a sink: redacted, bounded, and after the request is done. */
import type { Clock, Dialect, PayloadEvent, Random, RequestEvent, Sink } from '@bud-foundry/core'
import { parseFrame } from '../dialect/sse-frame.ts'
import type { CaptureConfig } from '../config.ts'
import type { CallPlan } from '../dispatch/call-plan.ts'
import { frameEnd } from '../dispatch/frame-end.ts'
import { capturedBodyBytes, cutTailCharacters, pendingPayloadBytes, pendingPayloadEvents } from '../limits.ts'
import { createEventPump, type EventPump } from './event-pump.ts'
import { compileRedaction, redactJson, type Redact } from './redaction.ts'

export interface PayloadCaptureParts {
  readonly sink: Sink
  readonly clock: Clock
  readonly random: Random
  readonly flushMs: number
  readonly onFailure: (error: unknown) => void
}

interface Text {
  readonly text: string
  readonly truncated: boolean
}

const nothing: Text = { text: '', truncated: false }
const leftOut: Text = { text: '', truncated: true }

/** The bodies of one sampled request, as they come. No headers: they hold credentials. */
export class CapturedPayload {
  readonly plan: CallPlan
  readonly config: CaptureConfig
  readonly chunks: Uint8Array[] = []
  bytes = 0
  isCut = false
  /** The error that the caller got in place of an answer, or after the beginning of one; in the caller's dialect. */
  error: Uint8Array | undefined

  constructor(plan: CallPlan, config: CaptureConfig) {
    this.plan = plan
    this.config = config
  }

  /** A piece of the answer: whole events of a stream, or the body. */
  add(bytes: Uint8Array): void {
    if (this.isCut || this.bytes + bytes.byteLength > capturedBodyBytes) {
      this.isCut = true
      return
    }
    // A copy: the bytes may be a view of a socket's buffer.
    this.chunks.push(Uint8Array.prototype.slice.call(bytes))
    this.bytes += bytes.byteLength
  }

  /** The request has failed: what its caller is told. */
  fail(error: Uint8Array): void {
    if (error.byteLength > capturedBodyBytes) this.isCut = true
    else this.error = Uint8Array.prototype.slice.call(error)
  }
}

interface Job {
  readonly payload: CapturedPayload
  readonly event: RequestEvent
  readonly bytes: number
}

export class PayloadCapture {
  readonly #parts: PayloadCaptureParts
  readonly #pump: EventPump
  readonly #jobs: Job[] = []
  #jobBytes = 0
  #timer: Disposable | undefined
  #compiled: { readonly rules: CaptureConfig['redact']; readonly redact: Redact } | undefined
  /** Payloads that were not kept because too many waited. */
  dropped = 0

  constructor(parts: PayloadCaptureParts) {
    this.#parts = parts
    this.#pump = createEventPump({ ...parts, capacity: pendingPayloadEvents })
  }

  /** Undefined for requests that are not sampled. */
  begin(config: CaptureConfig | undefined, plan: CallPlan): CapturedPayload | undefined {
    return config !== undefined && this.#parts.random.next() < config.share ? new CapturedPayload(plan, config) : undefined
  }

  /** Takes a finished request; the work is done later. */
  submit(payload: CapturedPayload, event: RequestEvent): void {
    const bytes = payload.bytes + (payload.error?.byteLength ?? 0) + payload.plan.body.byteLength
    if (this.#jobBytes + bytes > pendingPayloadBytes) {
      this.dropped += 1
      return
    }
    this.#jobs.push({ payload, event, bytes })
    this.#jobBytes += bytes
    this.#schedule()
  }

  async flush(signal: AbortSignal): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    while (this.#jobs.length > 0) this.#work()
    await this.#pump.flush(signal)
  }

  /** One payload at a time, so that requests get their turn in between. */
  #schedule(): void {
    this.#timer ??= this.#parts.clock.schedule(1, () => {
      this.#timer = undefined
      this.#work()
      if (this.#jobs.length > 0) this.#schedule()
    })
  }

  #work(): void {
    const job = this.#jobs.shift()
    if (job === undefined) return
    this.#jobBytes -= job.bytes
    try {
      this.#pump.push(this.#eventOf(job))
    } catch (error) {
      this.dropped += 1
      this.#parts.onFailure(error)
    }
  }

  #eventOf({ payload, event }: Job): PayloadEvent {
    const { config, plan } = payload
    const redact = this.#redaction(config)
    const request = cut(redactBody(plan.body, redact), config.maxBytes)
    const response = cut(withError(redactAnswer(payload, redact), payload.error, redact), config.maxBytes)
    return {
      id: `payload-${event.id}`,
      kind: 'payload',
      timeUnixMs: event.timeUnixMs,
      requestId: event.id,
      traceId: event.traceId,
      projectId: event.projectId,
      requestedModel: redact(event.requestedModel),
      dialect: event.dialect,
      request: request.text,
      requestTruncated: request.truncated,
      response: response.text,
      responseTruncated: response.truncated,
    }
  }

  #redaction({ redact: rules }: CaptureConfig): Redact {
    if (this.#compiled?.rules !== rules) this.#compiled = { rules, redact: compileRedaction(rules) }
    return this.#compiled.redact
  }
}

/** Redacted as a whole and cut afterwards: a secret that is cut in two is not recognised any more. */
function redactBody(body: Uint8Array, redact: Redact): Text {
  if (body.byteLength > capturedBodyBytes) return leftOut
  try {
    return { text: redactJson(Buffer.from(body).toString(), redact), truncated: false }
  } catch {
    // What is no JSON, or too deep, cannot be redacted safely.
    return leftOut
  }
}

function redactAnswer(payload: CapturedPayload, redact: Redact): Text {
  const { plan, chunks, isCut } = payload
  if (chunks.length === 0) return isCut ? leftOut : nothing
  const bytes = Buffer.concat(chunks)
  if (!plan.streaming) return isCut ? leftOut : redactBody(bytes, redact)
  const text = readStream(bytes, plan)
  if (text === undefined) return leftOut
  const redacted = redact(text)
  return isCut ? { text: redacted.slice(0, -cutTailCharacters), truncated: true } : { text: redacted, truncated: false }
}

/** The error stands alone, or on a line of its own behind what was sent before it. */
function withError(answer: Text, error: Uint8Array | undefined, redact: Redact): Text {
  if (error === undefined) return answer
  const told = redactBody(error, redact)
  return { text: answer.text === '' ? told.text : `${answer.text}\n${told.text}`, truncated: answer.truncated || told.truncated }
}

/** What a stream says, in one piece: a secret may be spread over many events. Undefined where the dialect's streams cannot be read. */
function readStream(bytes: Buffer, plan: CallPlan): string | undefined {
  const { dialect }: { readonly dialect: Dialect } = plan
  try {
    const decoder = dialect.streamDecoder?.(plan.canonical())
    if (decoder === undefined) return undefined
    /** Part by part, in order of first sight: parts may take turns, and half a secret is not recognised. */
    const parts = new Map<number, string>()
    const add = (index: number, text: string) => parts.set(index, (parts.get(index) ?? '') + text)
    let at = 0
    for (let end = frameEnd(bytes, at); end !== -1; end = frameEnd(bytes, at)) {
      const frame = parseFrame(bytes.subarray(at, end))
      at = end
      for (const delta of frame === undefined ? [] : decoder.push(frame)) {
        if (delta.kind === 'text' || delta.kind === 'thinking' || delta.kind === 'refusal') add(delta.index, delta.text)
        else if (delta.kind === 'tool-call') add(delta.index, `${delta.name} `)
        else if (delta.kind === 'tool-arguments') add(delta.index, delta.json)
      }
    }
    return [...parts.values()].join('\n')
  } catch {
    return undefined
  }
}

function cut({ text, truncated }: Text, maxBytes: number): Text {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return { text, truncated }
  // A character that is cut in two becomes a replacement character: it is left out too.
  return {
    text: bytes
      .subarray(0, maxBytes)
      .toString()
      .replace(/\uFFFD$/, ''),
    truncated: true,
  }
}
