/** Rails on what a model answers: a filter before the caller that holds a stream back as far as a rail needs it, and no further. */
import type { Clock } from '@bud-foundry/core'
import { parseExact, parseExactOrNothing } from '../dialect/exact-json.ts'
import { asArray, asObject, encodeJson, parseFrame, toBuffer, type SseFrame } from '../dialect/sse-frame.ts'
import { frameEnd } from '../dispatch/frame-end.ts'
import { after, isPromise, type Awaitable } from '../governance/after.ts'
import type { OutputFilter, StageCall } from '../governance/stage.ts'
import { fullEffort } from './detector.ts'
import type { Findings } from './findings.ts'
import { endedTexts } from './guardrail-limits.ts'
import { isJson } from './is-json.ts'
import { OutputText, type OutputTextParts } from './output-text.ts'
import type { Rail } from './rail.ts'
import { answerTexts, endedKeys, isOnlyText, type JsonObject, type TextSlot } from './text-slots.ts'

export interface OutputRailsParts {
  readonly rails: readonly Rail[]
  readonly call: StageCall
  readonly findings: Findings
  readonly clock: Clock
}

/** A text of the answer: one slot, or several that a caller reads as one. */
interface Channel {
  readonly text: OutputText
  /** Of the slot that it had last. */
  key: string
  /** The last event with it, to make one from for what was held back. */
  template: SseFrame | undefined
  /** Whether something may be held back. */
  isOpen: boolean
}

export class OutputRails implements OutputFilter {
  readonly #parts: OutputTextParts
  /** Those that have ended too: should an upstream go on with one, it is read with what came before. */
  readonly #channels = new Map<string, Channel>()
  /** Lengths of what was released with the current event, by key. */
  readonly #lengths = new Map<string, number>()
  /** Events before the first text that passes: until then a refusal can still be a plain error. */
  #opening: Uint8Array[] | undefined = []

  constructor(parts: OutputRailsParts) {
    this.#parts = { ...parts, effort: fullEffort() }
  }

  push(events: Uint8Array): Awaitable<Uint8Array | undefined> {
    const bytes = toBuffer(events)
    const out: Uint8Array[] = []
    return after(this.#events(bytes, 0, out), () => joined(out))
  }

  end(): Awaitable<Uint8Array | undefined> {
    const out: Uint8Array[] = []
    return after(this.#flush('', out), () => {
      this.#open(out)
      return joined(out)
    })
  }

  whole(body: Uint8Array): Awaitable<Uint8Array> {
    const json = asObject(parseExact(toBuffer(body).toString()))
    if (json === undefined) return body
    const { slots, stripped } = answerTexts(json)
    return after(
      this.#slots(slots, 0, stripped, (slot) => this.#atOnce(slot, undefined)),
      (changed) => (changed ? encodeJson(json) : body),
    )
  }

  #events(bytes: Buffer, from: number, out: Uint8Array[]): Awaitable<undefined> {
    for (let at = from; at < bytes.length;) {
      const end = frameEnd(bytes, at)
      const next = end === -1 ? bytes.length : end
      const done = this.#event(bytes.subarray(at, next), out)
      if (done instanceof Promise) return done.then(() => this.#events(bytes, next, out))
      at = next
    }
    return undefined
  }

  #event(frame: Buffer, out: Uint8Array[]): Awaitable<undefined> {
    const parsed = parseFrame(frame)
    if (parsed === undefined) return this.#emit(frame, false, out)
    if (parsed.data === '[DONE]') {
      return after(this.#flush('', out), () => this.#emit(frame, true, out))
    }
    const json = asObject(parseExactOrNothing(parsed.data))
    if (json === undefined) return this.#emit(frame, false, out)
    const { slots, stripped } = answerTexts(json)
    const ended = endedKeys(json)
    const filter = (slot: TextSlot) => {
      if (slot.mode === 'whole') return this.#byItself(slot)
      // What ends with this event has no later one for what would be held back.
      const isLast = slot.mode === 'at-once' || ended.some((prefix) => slot.key.startsWith(prefix))
      return isLast ? this.#atOnce(slot, parsed) : this.#piece(slot, parsed)
    }
    return after(this.#slots(slots, 0, stripped, filter), (changed) =>
      after(this.#flushAll(ended, 0, out), () => {
        const hasText = slots.some(({ key, mode }) => mode === 'whole' || this.#lengths.get(key) !== 0)
        if (slots.length > 0 && !hasText && ended.length === 0 && isOnlyText(json)) return undefined
        const bytes = changed ? encodeEvent(parsed.event, json) : frame
        return this.#emit(bytes, hasText || ended.length > 0, out)
      }),
    )
  }

  /** Filters the texts of an event or an answer; true when one of them has changed. */
  #slots(slots: readonly TextSlot[], from: number, changed: boolean, filter: (slot: TextSlot) => Awaitable<string>): Awaitable<boolean> {
    let differs = changed
    for (const [index, slot] of slots.entries()) {
      if (index < from) continue
      const text = filter(slot)
      if (isPromise(text)) return text.then((released) => this.#slots(slots, index + 1, this.#put(slot, released) || differs, filter))
      differs = this.#put(slot, text) || differs
    }
    return differs
  }

  #put(slot: TextSlot, released: string): boolean {
    this.#lengths.set(slot.key, released.length)
    if (released === slot.text) return false
    slot.set(released)
    return true
  }

  #byItself({ text, json, key }: TextSlot): Awaitable<string> {
    return wholeText(new OutputText(this.#parts, json && isJson(text), isContent(key)), text)
  }

  /** A piece of which nothing is held back. */
  #atOnce(slot: TextSlot, frame: SseFrame | undefined): Awaitable<string> {
    const channel = this.#channelOf(slot, frame)
    channel.isOpen = false
    return wholeText(channel.text, slot.text)
  }

  #piece(slot: TextSlot, frame: SseFrame): Awaitable<string> {
    return this.#channelOf(slot, frame).text.push(slot.text)
  }

  #channelOf({ channel: name, key, json, text }: TextSlot, template: SseFrame | undefined): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      // A stream's text may turn out to be JSON; a whole one is or is not.
      const isWritten = json && (template !== undefined || isJson(text))
      channel = { text: new OutputText(this.#parts, isWritten, isContent(key)), key, template, isOpen: true }
      this.#channels.set(name, channel)
      this.#forget()
    }
    channel.key = key
    channel.template = template
    channel.isOpen = true
    return channel
  }

  /** Of texts that have ended the oldest, where there are too many. */
  #forget(): void {
    if (this.#channels.size <= endedTexts) return
    for (const [name, { isOpen }] of this.#channels) {
      if (isOpen) continue
      this.#channels.delete(name)
      return
    }
  }

  /** What the texts that end with this event still hold. */
  #flushAll(prefixes: readonly string[], from: number, out: Uint8Array[]): Awaitable<undefined> {
    for (const [index, prefix] of prefixes.entries()) {
      const done = index < from ? undefined : this.#flush(prefix, out)
      if (isPromise(done)) return done.then(() => this.#flushAll(prefixes, index + 1, out))
    }
    return undefined
  }

  #flush(prefix: string, out: Uint8Array[]): Awaitable<undefined> {
    for (const channel of this.#channels.values()) {
      if (!channel.isOpen || !channel.key.startsWith(prefix)) continue
      channel.isOpen = false
      const rest = channel.text.end()
      if (isPromise(rest))
        return rest.then((text) => {
          this.#emitRest(channel, text, out)
          return this.#flush(prefix, out)
        })
      this.#emitRest(channel, rest, out)
    }
    return undefined
  }

  #emitRest({ template, key }: Channel, rest: string, out: Uint8Array[]): void {
    if (rest !== '' && template !== undefined) this.#emit(eventWith(template, key, rest), true, out)
  }

  #emit(bytes: Uint8Array, opens: boolean, out: Uint8Array[]): undefined {
    if (this.#opening !== undefined && !opens) {
      this.#opening.push(Buffer.from(bytes))
      return undefined
    }
    this.#open(out)
    out.push(bytes)
    return undefined
  }

  #open(out: Uint8Array[]): void {
    if (this.#opening !== undefined) out.push(...this.#opening)
    this.#opening = undefined
  }
}

/** What the model says to the caller, which a schema is about: not its thoughts and not its calls. */
const isContent = (key: string): boolean => /^\d+\/(?:(?:delta|message)\/content|text)$/.test(key)

const joined = (pieces: readonly Uint8Array[]): Uint8Array | undefined => {
  const [first] = pieces
  return pieces.length > 1 ? Buffer.concat(pieces) : first
}

const encodeEvent = (event: string | undefined, json: JsonObject): Uint8Array =>
  Buffer.from(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(json)}\n\n`)

const wholeText = (text: OutputText, piece: string): Awaitable<string> =>
  after(text.push(piece), (start) => after(text.end(), (rest) => start + rest))

/** An event like the last one with this text, that says the rest of it and nothing else. */
function eventWith({ event, data }: SseFrame, key: string, rest: string): Uint8Array {
  const json = asObject(parseExact(data)) ?? {}
  for (const slot of answerTexts(json).slots) slot.set(slot.key === key ? rest : '')
  for (const choice of asArray(json['choices'])) {
    const fields = asObject(choice)
    // The parsed copy is ours to change.
    if (fields?.['finish_reason'] != null) (fields as Record<string, unknown>)['finish_reason'] = null
  }
  return encodeEvent(event, 'usage' in json ? { ...json, usage: undefined } : json)
}
