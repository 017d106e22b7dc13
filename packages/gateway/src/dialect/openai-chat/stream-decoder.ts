/** Events of an OpenAI chat stream -> canonical deltas. */
import type { CanonicalDelta, StreamDecoder } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { asArray, asNumber, asObject, asString, parseObject } from '../sse-frame.ts'
import { decodeFinish } from './finish.ts'
import { readCitations, readContent, readReasoning, readThinkingBlocks } from './message-parts.ts'
import { usageOfChunk } from './usage.ts'

type Json = Readonly<Record<string, unknown>>
type Frame = Parameters<StreamDecoder['push']>[0]

const dialect = 'openai-chat'

/** A tool call that has begun upstream; it starts downstream when its name is known. */
interface OpenCall {
  readonly partIndex: number
  readonly id: string
  started: boolean
  name: string
  /** Arguments that came before the name. */
  early: string
}

export class OpenaiStreamDecoder implements StreamDecoder {
  complete = false
  #started = false
  #finished = false
  #nextPart = 0
  /** The text, thinking or refusal part that further deltas of its kind continue. */
  #open: { readonly kind: string; readonly index: number } | undefined
  readonly #calls = new Map<string, OpenCall>()
  /** The call that deltas without index and id continue. */
  #lastCall: OpenCall | undefined
  #thinkingText = ''
  readonly #thinkingParts: number[] = []

  push(frame: Frame): readonly CanonicalDelta[] {
    if (frame.data.trim() === '[DONE]') {
      this.complete = true
      return []
    }
    const chunk = parseObject(frame.data)
    if (chunk === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'an event of the stream is no JSON object' })
    const failure = failureOf(chunk, frame.event)
    if (failure !== undefined) return [failure]
    const deltas: CanonicalDelta[] = []
    // Only the first choice is translated: a caller of another dialect cannot ask for more.
    const choice = asArray(chunk['choices'])
      .map(asObject)
      .find((each) => (asNumber(each?.['index']) ?? 0) === 0)
    // Azure sends its prompt filter's results first, in a chunk without id and choices: the answer starts after it.
    if (!this.#started && choice !== undefined) {
      this.#started = true
      deltas.push({ kind: 'start', id: asString(chunk['id']) ?? 'chatcmpl-unknown', model: asString(chunk['model']) ?? '' })
    }
    if (choice !== undefined) this.#decodeChoice(choice, deltas)
    const usage = usageOfChunk(chunk)
    if (usage !== undefined) deltas.push({ kind: 'usage', usage })
    return deltas
  }

  #decodeChoice(choice: Json, deltas: CanonicalDelta[]): void {
    const delta = asObject(choice['delta']) ?? asObject(choice['message'])
    if (delta !== undefined) this.#decodeDelta(delta, deltas)
    const reason = asString(choice['finish_reason'])
    // Some upstreams say it twice (Moonshot, older vLLM with usage): the first one counts.
    if (reason === undefined || this.#finished) return
    this.#finished = true
    this.complete = true
    this.#refuseNamelessCalls()
    deltas.push({ kind: 'finish', ...decodeFinish(reason, choice['stop_reason']) })
  }

  #decodeDelta(delta: Json, deltas: CanonicalDelta[]): void {
    this.#decodeThinking(delta, deltas)
    for (const part of readContent(delta['content'])) if (part !== undefined) this.#append(part.kind, part.text, deltas)
    const refusal = asString(delta['refusal'])
    if (refusal !== undefined && refusal !== '') this.#append('refusal', refusal, deltas)
    for (const citation of readCitations(delta)) deltas.push({ kind: 'citation', index: this.#partFor('text'), citation })
    for (const [position, raw] of asArray(delta['tool_calls']).entries()) {
      const call = asObject(raw)
      if (call !== undefined) this.#decodeCall(call, position, deltas)
    }
  }

  /** Signed blocks repeat what `reasoning_content` streams or has streamed, as a whole or piece by piece: then only their signatures are new. */
  #decodeThinking(delta: Json, deltas: CanonicalDelta[]): void {
    const reasoning = readReasoning(delta)
    if (reasoning !== undefined) this.#append('thinking', reasoning, deltas)
    for (const [position, block] of readThinkingBlocks(delta).entries()) {
      if (block.kind === 'redacted-thinking') {
        deltas.push({ kind: 'redacted-thinking', index: this.#newPart('redacted-thinking'), data: block.data })
      } else if (block.kind === 'thinking') {
        if (block.text !== '' && !this.#thinkingText.includes(block.text)) this.#append('thinking', block.text, deltas)
        this.#sign(block.signature, position, deltas)
      }
    }
  }

  #sign(signature: string | undefined, position: number, deltas: CanonicalDelta[]): void {
    if (signature === undefined || signature === '') return
    const open = this.#open?.kind === 'thinking' ? this.#open.index : undefined
    const index = open ?? this.#thinkingParts[position] ?? this.#newPart('thinking')
    deltas.push({ kind: 'thinking-signature', index, signature })
  }

  #newPart(kind: string): number {
    const index = this.#nextPart++
    this.#open = { kind, index }
    if (kind === 'thinking') this.#thinkingParts.push(index)
    return index
  }

  #partFor(kind: string): number {
    return this.#open?.kind === kind ? this.#open.index : this.#newPart(kind)
  }

  #append(kind: 'text' | 'thinking' | 'refusal', text: string, deltas: CanonicalDelta[]): void {
    if (kind === 'thinking') this.#thinkingText += text
    deltas.push({ kind, index: this.#partFor(kind), text })
  }

  #decodeCall(call: Json, position: number, deltas: CanonicalDelta[]): void {
    const type = asString(call['type'])
    if (type !== undefined && type !== '' && type !== 'function') {
      throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: `a tool call of type '${type.slice(0, 40)}' names no function` })
    }
    const open = this.#findCall(call, position)
    this.#lastCall = open
    const called = asObject(call['function'])
    if (open.name === '') open.name = asString(called?.['name']) ?? ''
    const rawArguments = called?.['arguments']
    const args = typeof rawArguments === 'string' ? rawArguments : rawArguments == null ? '' : JSON.stringify(rawArguments)
    if (!open.started) {
      open.early += args
      if (open.name !== '') this.#startCall(open, deltas)
    } else if (args !== '') deltas.push({ kind: 'tool-arguments', index: open.partIndex, json: args })
  }

  #startCall(open: OpenCall, deltas: CanonicalDelta[]): void {
    open.started = true
    deltas.push({ kind: 'tool-call', index: open.partIndex, id: open.id, name: open.name })
    if (open.early !== '') deltas.push({ kind: 'tool-arguments', index: open.partIndex, json: open.early })
  }

  /** A call is told by its index; a new id under the same index is a new call (some upstreams number every call 0). */
  #findCall(call: Json, position: number): OpenCall {
    const id = asString(call['id'])
    const index = asNumber(call['index'])
    if (index === undefined && id === undefined && this.#lastCall !== undefined && position === 0) return this.#lastCall
    const key = String(index ?? id ?? position)
    const known = this.#calls.get(key)
    if (known !== undefined && (id === undefined || id === '' || id === known.id)) return known
    const open: OpenCall = {
      partIndex: this.#newPart('tool-call'),
      id: id === undefined || id === '' ? `call_${String(this.#nextPart)}` : id,
      started: false,
      name: '',
      early: '',
    }
    this.#calls.set(key, open)
    return open
  }

  #refuseNamelessCalls(): void {
    for (const call of this.#calls.values())
      if (!call.started) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a tool call of the stream names no function' })
  }
}

/** The error in place of a chunk: `{"error":…}`, an `error` event, or vLLM's and SGLang's `{"object":"error",…}`. */
function failureOf(chunk: Json, event: string | undefined): CanonicalDelta | undefined {
  const stated = chunk['error']
  const isError = (stated !== undefined && stated !== null) || event === 'error' || chunk['object'] === 'error'
  if (!isError) return undefined
  const error = asObject(stated) ?? chunk
  const code = asString(error['code']) ?? asNumber(error['code'])?.toString()
  return {
    kind: 'error',
    message: asString(error['message']) ?? asString(stated) ?? 'the upstream reported an error inside its stream',
    type: asString(error['type']),
    ...(code === undefined ? {} : { code }),
  }
}
