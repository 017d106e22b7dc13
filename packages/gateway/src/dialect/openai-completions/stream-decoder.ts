/** Events of a completion stream -> canonical deltas: one text part per choice. */
import type { CanonicalDelta, StreamDecoder } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { decodeFinish } from '../openai-chat/finish.ts'
import { usageOfChunk } from '../openai-chat/usage.ts'
import { asArray, asCount, asObject, asString, parseObject, type SseFrame } from '../sse-frame.ts'

export class CompletionStreamDecoder implements StreamDecoder {
  complete = false
  #started = false

  /** Throws GATEWAY_ANSWER_MALFORMED. */
  push(frame: SseFrame): readonly CanonicalDelta[] {
    if (frame.data.trim() === '[DONE]') {
      this.complete = true
      return []
    }
    const chunk = parseObject(frame.data)
    if (chunk === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect: 'openai-completions', reason: 'an event is no JSON object' })
    const error = asObject(chunk['error'])
    if (error !== undefined) {
      return [{ kind: 'error', message: asString(error['message']) ?? 'the upstream reported an error', type: asString(error['type']) }]
    }
    return [...this.#start(chunk), ...asArray(chunk['choices']).flatMap((choice) => choiceDeltas(asObject(choice))), ...usageDelta(chunk)]
  }

  #start(chunk: Readonly<Record<string, unknown>>): readonly CanonicalDelta[] {
    if (this.#started) return []
    this.#started = true
    const id = asString(chunk['id']) ?? 'cmpl-unknown'
    return [{ kind: 'start', id, model: asString(chunk['model']) ?? '' }]
  }
}

function choiceDeltas(choice: Readonly<Record<string, unknown>> | undefined): readonly CanonicalDelta[] {
  const text = asString(choice?.['text'])
  const finish = asString(choice?.['finish_reason'])
  const deltas: CanonicalDelta[] = []
  if (text !== undefined && text !== '') deltas.push({ kind: 'text', index: asCount(choice?.['index']) ?? 0, text })
  if (finish !== undefined) deltas.push({ kind: 'finish', ...decodeFinish(finish, choice?.['stop_reason']) })
  return deltas
}

function usageDelta(chunk: Readonly<Record<string, unknown>>): readonly CanonicalDelta[] {
  const usage = usageOfChunk(chunk)
  return usage === undefined ? [] : [{ kind: 'usage', usage }]
}
