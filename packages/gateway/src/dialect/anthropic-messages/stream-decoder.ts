/** Events of an Anthropic messages stream -> canonical deltas. */
import type { CanonicalDelta, CanonicalRequest, StreamDecoder, TokenUsage } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { parseExact } from '../exact-json.ts'
import { asArray, asNumber, asObject, asString, parseObject } from '../sse-frame.ts'
import { readCitation } from './citation.ts'
import { isStructured, refusalText } from './decode-response.ts'
import { decodeStopReason } from './finish.ts'
import { structuredToolName } from './structured-tool.ts'
import { usageOfEvent } from './usage.ts'

type Json = Readonly<Record<string, unknown>>
type Frame = Parameters<StreamDecoder['push']>[0]

const dialect = 'anthropic-messages'

/** A block that has begun upstream. */
interface OpenBlock {
  readonly partIndex: number
  readonly kind: 'text' | 'thinking' | 'tool-call' | 'structured' | 'other'
  /** The block as it started, grown by its deltas: for blocks that only this dialect knows. */
  value: Json
  json: string
}

export class AnthropicStreamDecoder implements StreamDecoder {
  complete = false
  readonly #structured: boolean
  #started = false
  #nextPart = 0
  readonly #blocks = new Map<number, OpenBlock>()
  #usage: TokenUsage | undefined
  #unwrapped = false

  constructor(request: CanonicalRequest) {
    this.#structured = isStructured(request)
  }

  push(frame: Frame): readonly CanonicalDelta[] {
    const event = parseObject(frame.data)
    if (event === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'an event of the stream is no JSON object' })
    switch (frame.event ?? event['type']) {
      case 'message_start':
        return this.#start(event)
      case 'content_block_start':
        return this.#startBlock(event)
      case 'content_block_delta':
        return this.#growBlock(event)
      case 'content_block_stop':
        return this.#stopBlock(event)
      case 'message_delta':
        return this.#finish(event)
      case 'message_stop':
        this.complete = true
        return []
      case 'error':
        return [failureOf(event)]
      default:
        // Pings, and events that are yet to be invented: the API asks clients to pass over them.
        return []
    }
  }

  #start(event: Json): readonly CanonicalDelta[] {
    this.#usage = usageOfEvent(event, this.#usage) ?? this.#usage
    // A proxy in between may repeat the start; an answer has one.
    if (this.#started) return []
    this.#started = true
    const message = asObject(event['message'])
    const start: CanonicalDelta = {
      kind: 'start',
      id: asString(message?.['id']) ?? 'msg_unknown',
      model: asString(message?.['model']) ?? '',
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    }
    return [start, ...this.#wholeMessage(message)]
  }

  /** A turn that the upstream's own tools have finished may come whole, with its start. */
  #wholeMessage(message: Json | undefined): CanonicalDelta[] {
    const deltas = asArray(message?.['content']).flatMap((block, index) => [
      ...this.#startBlock({ index, content_block: block }),
      ...this.#stopBlock({ index }),
    ])
    return message?.['stop_reason'] == null ? deltas : [...deltas, ...this.#finish({ delta: message })]
  }

  #startBlock(event: Json): readonly CanonicalDelta[] {
    const block = asObject(event['content_block'])
    const type = asString(block?.['type'])
    if (block === undefined || type === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a content block has no type' })
    const index = this.#nextPart++
    const open = (kind: OpenBlock['kind']) =>
      this.#blocks.set(asNumber(event['index']) ?? index, { partIndex: index, kind, value: block, json: '' })
    switch (type) {
      case 'text': {
        open('text')
        const text = asString(block['text']) ?? ''
        return text === '' ? [] : [{ kind: 'text', index, text }]
      }
      case 'thinking': {
        open('thinking')
        const text = asString(block['thinking']) ?? ''
        return text === '' ? [] : [{ kind: 'thinking', index, text }]
      }
      case 'redacted_thinking':
        return [{ kind: 'redacted-thinking', index, data: asString(block['data']) ?? '' }]
      case 'tool_use':
        return this.#startTool(block, index, open)
      default:
        open('other')
        return []
    }
  }

  #startTool(block: Json, index: number, open: (kind: OpenBlock['kind']) => unknown): readonly CanonicalDelta[] {
    const name = asString(block['name']) ?? ''
    const input = asObject(block['input'])
    // An input may come whole with the start instead of in deltas.
    const whole = input === undefined || Object.keys(input).length === 0 ? undefined : JSON.stringify(input)
    if (this.#structured && name === structuredToolName) {
      open('structured')
      this.#unwrapped = true
      return whole === undefined ? [] : [{ kind: 'text', index, text: whole }]
    }
    open('tool-call')
    const id = asString(block['id']) ?? `toolu_${String(index)}`
    const call: CanonicalDelta = { kind: 'tool-call', index, id, name }
    return whole === undefined ? [call] : [call, { kind: 'tool-arguments', index, json: whole }]
  }

  #growBlock(event: Json): readonly CanonicalDelta[] {
    const open = this.#blocks.get(asNumber(event['index']) ?? -1)
    const delta = asObject(event['delta'])
    if (open === undefined || delta === undefined)
      throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a delta belongs to no content block' })
    const index = open.partIndex
    switch (delta['type']) {
      case 'text_delta':
        return textDelta('text', index, delta['text'])
      case 'thinking_delta':
        return textDelta('thinking', index, delta['thinking'])
      case 'signature_delta':
        return [{ kind: 'thinking-signature', index, signature: asString(delta['signature']) ?? '' }]
      case 'citations_delta': {
        const citation = readCitation(delta['citation'])
        return citation === undefined ? [] : [{ kind: 'citation', index, citation }]
      }
      case 'input_json_delta': {
        const json = asString(delta['partial_json']) ?? ''
        if (open.kind === 'other') open.json += json
        if (json === '' || open.kind === 'other') return []
        return [open.kind === 'structured' ? { kind: 'text', index, text: json } : { kind: 'tool-arguments', index, json }]
      }
      default: {
        // Deltas of other blocks (compaction, …) carry members of the block; the type is the delta's own.
        const { type: _type, ...members } = delta
        open.value = { ...open.value, ...members }
        return []
      }
    }
  }

  #stopBlock(event: Json): readonly CanonicalDelta[] {
    const key = asNumber(event['index']) ?? -1
    const open = this.#blocks.get(key)
    this.#blocks.delete(key)
    if (open?.kind !== 'other') return []
    const input = open.json === '' ? undefined : parseInput(open.json)
    const value = input === undefined ? open.value : { ...open.value, input }
    return [{ kind: 'other', index: open.partIndex, dialect, type: String(value['type']), value }]
  }

  #finish(event: Json): readonly CanonicalDelta[] {
    this.#usage = usageOfEvent(event, this.#usage) ?? this.#usage
    const deltas: CanonicalDelta[] = []
    const delta = asObject(event['delta'])
    const stopReason = asString(delta?.['stop_reason'])
    const refusal = refusalText(delta?.['stop_details'])
    if (refusal !== undefined) deltas.push({ kind: 'refusal', index: this.#nextPart++, text: refusal })
    if (this.#usage !== undefined) deltas.push({ kind: 'usage', usage: this.#usage })
    if (stopReason !== undefined) {
      const stopSequence = asString(delta?.['stop_sequence'])
      const reason = decodeStopReason(stopReason)
      this.complete = true
      deltas.push({
        kind: 'finish',
        reason: reason === 'tool-calls' && this.#unwrapped ? 'stop' : reason,
        ...(stopSequence === undefined ? {} : { stopSequence }),
      })
    }
    return deltas
  }
}

function textDelta(kind: 'text' | 'thinking', index: number, value: unknown): readonly CanonicalDelta[] {
  const text = asString(value) ?? ''
  return text === '' ? [] : [{ kind, index, text }]
}

function parseInput(json: string): unknown {
  try {
    return parseExact(json)
  } catch {
    // A broken input of a server's own tool is shown as it came.
    return json
  }
}

function failureOf(event: Json): CanonicalDelta {
  const error = asObject(event['error'])
  return {
    kind: 'error',
    message: asString(error?.['message']) ?? 'the upstream reported an error inside its stream',
    type: asString(error?.['type']),
  }
}
