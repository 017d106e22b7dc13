/** OpenAI chat answer -> canonical answer. */
import type { CanonicalPart, CanonicalResponse } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { parseAnswer } from '../json-bytes.ts'
import { asArray, asNumber, asObject, asString } from '../sse-frame.ts'
import { decodeFinish } from './finish.ts'
import { readCitations, readContent, readReasoning, readThinkingBlocks } from './message-parts.ts'
import { toTokenUsage } from './usage.ts'

type Json = Readonly<Record<string, unknown>>

const dialect = 'openai-chat'

function decodeToolCalls(message: Json): CanonicalPart[] {
  return asArray(message['tool_calls']).map((raw, index) => {
    const call = asObject(raw)
    const called = asObject(call?.['function'])
    const name = asString(called?.['name'])
    if (name === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: `tool call ${String(index)} names no function` })
    const args = called?.['arguments']
    return {
      kind: 'tool-call',
      // Some engines leave the id out; a caller needs one to answer the call.
      id: asString(call?.['id']) ?? `call_${String(index)}`,
      name,
      // Ollama and some others send an object instead of its JSON.
      argumentsJson: typeof args === 'string' ? args : JSON.stringify(args ?? {}),
    }
  })
}

/** The parts of one message, in the order in which the model made them: thinking, text, calls. */
function decodeMessage(message: Json): CanonicalPart[] {
  const parts = readThinkingBlocks(message)
  const reasoning = readReasoning(message)
  if (parts.length === 0 && reasoning !== undefined) parts.push({ kind: 'thinking', text: reasoning })
  for (const raw of asArray(message['other_blocks'])) {
    const block = asObject(raw)
    if (block !== undefined) parts.push({ kind: 'other', dialect: 'anthropic-messages', type: String(block['type']), value: block })
  }
  const citations = readCitations(message)
  for (const part of readContent(message['content'])) {
    if (part?.kind === 'text')
      parts.push({ kind: 'text', text: part.text, ...(citations.length === 0 ? {} : { citations: citations.splice(0) }) })
    else if (part !== undefined) parts.push({ kind: 'thinking', text: part.text })
  }
  const refusal = asString(message['refusal'])
  if (refusal !== undefined && refusal !== '') parts.push({ kind: 'refusal', text: refusal })
  parts.push(...decodeToolCalls(message))
  return parts
}

/** Throws GATEWAY_ANSWER_MALFORMED. */
export function decodeOpenaiResponse(bytes: Uint8Array): CanonicalResponse {
  const body = parseAnswer(bytes, dialect)
  const choices = asArray(body['choices']).map((raw) => {
    const choice = asObject(raw)
    const message = asObject(choice?.['message'])
    if (message === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a choice has no message' })
    const { reason, stopSequence } = decodeFinish(asString(choice?.['finish_reason']) ?? 'stop', choice?.['stop_reason'])
    return { parts: decodeMessage(message), finish: reason, ...(stopSequence === undefined ? {} : { stopSequence }) }
  })
  if (choices.length === 0) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'it has no choices' })
  const serviceTier = asString(body['service_tier'])
  return {
    id: asString(body['id']) ?? 'chatcmpl-unknown',
    model: asString(body['model']) ?? '',
    createdUnixSeconds: asNumber(body['created']) ?? 0,
    choices,
    usage: toTokenUsage(asObject(body['usage'])),
    ...(serviceTier === undefined ? {} : { serviceTier }),
  }
}
