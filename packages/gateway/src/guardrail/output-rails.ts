/** Rails on what a model answers: a filter before the caller that holds a stream back as far as a rail needs it, and no further. */
import type { Clock } from '@bud-foundry/core'
import { parseExact, parseExactOrNothing } from '../dialect/exact-json.ts'
import { asArray, asObject, encodeJson, parseFrame, toBuffer } from '../dialect/sse-frame.ts'
import { frameEnd } from '../dispatch/frame-end.ts'
import { after, type Awaitable } from '../governance/after.ts'
import type { OutputFilter, StageCall } from '../governance/stage.ts'
import { fullEffort } from './detector.ts'
import type { Findings } from './findings.ts'
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

/** One text of the stream. */
interface Channel {
  readonly text: OutputText
  /** The last event with it, to build one from for what was held back. */
  template: { readonly event: string | undefined; readonly json: string }
}

export class OutputRails implements OutputFilter {
  readonly #parts: OutputTextParts
  readonly #channels = new Map<string, Channel>()
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
    return after(this.#slots(slots, 0, 'whole', stripped), (changed) => (changed ? encodeJson(json) : body))
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
    return after(this.#slots(slots, 0, 'stream', stripped, parsed.event, json), (changed) =>
      after(this.#flushAll(ended, 0, out), () => {
        const hasText = slots.some(({ key, mode }) => mode === 'whole' || this.#lengths.get(key) !== 0)
        if (slots.length > 0 && !hasText && ended.length === 0 && isOnlyText(json)) return undefined
        const bytes = changed ? encodeEvent(parsed.event, json) : frame
        return this.#emit(bytes, hasText || ended.length > 0, out)
      }),
    )
  }

  /** Lengths of what was released with the current event, by key. */
  readonly #lengths = new Map<string, number>()

  /** Filters the texts of an event or an answer; true when one of them has changed. */
  #slots(
    slots: readonly TextSlot[],
    index: number,
    kind: 'stream' | 'whole',
    changed: boolean,
    event?: string,
    json?: JsonObject,
  ): Awaitable<boolean> {
    const slot = slots[index]
    if (slot === undefined) return changed
    const text = kind === 'whole' || slot.mode === 'whole' ? this.#wholeText(slot) : this.#piece(slot, event, json)
    return after(text, (released) => {
      this.#lengths.set(slot.key, released.length)
      const differs = released !== slot.text
      if (differs) slot.set(released)
      return this.#slots(slots, index + 1, kind, changed || differs, event, json)
    })
  }

  #wholeText(slot: TextSlot): Awaitable<string> {
    const text = new OutputText(this.#parts, slot.mode === 'json' && isJson(slot.text), isContent(slot.key))
    return after(text.push(slot.text), (start) => after(text.end(), (rest) => start + rest))
  }

  #piece(slot: TextSlot, event: string | undefined, json: JsonObject | undefined): Awaitable<string> {
    const template = { event, json: JSON.stringify(json) }
    let channel = this.#channels.get(slot.key)
    if (channel === undefined) {
      const text = new OutputText(this.#parts, slot.mode === 'json', isContent(slot.key))
      this.#channels.set(slot.key, (channel = { text, template }))
    } else channel.template = template
    return channel.text.push(slot.text)
  }

  /** What the texts that end with this event still hold. */
  #flushAll(prefixes: readonly string[], index: number, out: Uint8Array[]): Awaitable<undefined> {
    const prefix = prefixes[index]
    if (prefix === undefined) return undefined
    return after(this.#flush(prefix, out), () => this.#flushAll(prefixes, index + 1, out))
  }

  #flush(prefix: string, out: Uint8Array[]): Awaitable<undefined> {
    const keys = [...this.#channels.keys()].filter((key) => key.startsWith(prefix))
    const next = (at: number): Awaitable<undefined> => {
      const key = keys[at]
      const channel = key === undefined ? undefined : this.#channels.get(key)
      if (key === undefined || channel === undefined) return undefined
      this.#channels.delete(key)
      return after(channel.text.end(), (rest) => {
        if (rest !== '') this.#emit(eventWith(channel.template, key, rest), true, out)
        return next(at + 1)
      })
    }
    return next(0)
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

/** An event like the last one with this text, that says the rest of it and nothing else. */
function eventWith(template: Channel['template'], key: string, rest: string): Uint8Array {
  const json = asObject(JSON.parse(template.json)) ?? {}
  for (const slot of answerTexts(json).slots) slot.set(slot.key === key ? rest : '')
  for (const choice of asArray(json['choices'])) {
    const fields = asObject(choice)
    // The parsed copy is ours to change.
    if (fields?.['finish_reason'] != null) (fields as Record<string, unknown>)['finish_reason'] = null
  }
  return encodeEvent(template.event, 'usage' in json ? { ...json, usage: undefined } : json)
}
