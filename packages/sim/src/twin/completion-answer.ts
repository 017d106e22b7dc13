/** Writes answers in the shape of the OpenAI API, streamed or whole. */
import type { ServerResponse } from 'node:http'
import type { AnswerPlan } from './answer-plan.ts'
import type { AnswerEvents, AnswerUsage } from './answer-run.ts'
import { createEventStream, sendJson } from './http-exchange.ts'

export interface AnswerShape {
  readonly kind: 'chat' | 'completion'
  readonly id: string
  readonly model: string
  readonly createdUnixSeconds: number
  readonly stream: boolean
  readonly includeUsage: boolean
}

const usageBody = (usage: AnswerUsage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedTokens },
})

function streamEvents(response: ServerResponse, shape: AnswerShape, plans: readonly AnswerPlan[]): Omit<AnswerEvents, 'onReset'> {
  const stream = createEventStream(response)
  const head = {
    id: shape.id,
    object: shape.kind === 'chat' ? 'chat.completion.chunk' : 'text_completion',
    created: shape.createdUnixSeconds,
    model: shape.model,
  }
  const usageField = shape.includeUsage ? { usage: null } : {}
  const sendChoice = (choice: Record<string, unknown>) => {
    stream.send({ ...head, choices: [{ ...choice, logprobs: null }], ...usageField })
  }
  const started = new Set<number>()
  const open = (index: number) => {
    if (shape.kind !== 'chat' || started.has(index)) return
    started.add(index)
    const call = plans[index]?.toolCall
    const delta =
      call === undefined
        ? { role: 'assistant', content: '' }
        : {
            role: 'assistant',
            content: null,
            tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
          }
    sendChoice({ index, delta, finish_reason: null })
  }
  return {
    onPiece: (index, piece) => {
      open(index)
      if (shape.kind === 'completion') sendChoice({ index, text: piece, finish_reason: null })
      else if (plans[index]?.toolCall === undefined) sendChoice({ index, delta: { content: piece }, finish_reason: null })
      else sendChoice({ index, delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] }, finish_reason: null })
    },
    onFinish: (index) => {
      open(index)
      const finish_reason = plans[index]?.finish ?? 'stop'
      sendChoice(shape.kind === 'chat' ? { index, delta: {}, finish_reason } : { index, text: '', finish_reason })
    },
    onDone: (usage) => {
      if (shape.includeUsage) stream.send({ ...head, choices: [], usage: usageBody(usage) })
      stream.end()
    },
  }
}

function wholeEvents(response: ServerResponse, shape: AnswerShape, plans: readonly AnswerPlan[]): Omit<AnswerEvents, 'onReset'> {
  const texts = plans.map(() => '')
  const choiceBody = (plan: AnswerPlan, index: number) => {
    const text = texts[index] ?? ''
    const shared = { index, finish_reason: plan.finish, logprobs: null }
    if (shape.kind === 'completion') return { ...shared, text }
    if (plan.toolCall === undefined) return { ...shared, message: { role: 'assistant', content: text, refusal: null } }
    const call = { id: plan.toolCall.id, type: 'function', function: { name: plan.toolCall.name, arguments: text } }
    return { ...shared, message: { role: 'assistant', content: null, refusal: null, tool_calls: [call] } }
  }
  return {
    onPiece: (index, piece) => {
      texts[index] = (texts[index] ?? '') + piece
    },
    onFinish: () => undefined,
    onDone: (usage) => {
      sendJson(response, 200, {
        id: shape.id,
        object: shape.kind === 'chat' ? 'chat.completion' : 'text_completion',
        created: shape.createdUnixSeconds,
        model: shape.model,
        choices: plans.map(choiceBody),
        usage: usageBody(usage),
      })
    },
  }
}

/** The events of a run, written to the response as they happen. */
export function createAnswerEvents(response: ServerResponse, shape: AnswerShape, plans: readonly AnswerPlan[]): AnswerEvents {
  const events = shape.stream ? streamEvents(response, shape, plans) : wholeEvents(response, shape, plans)
  return { ...events, onReset: () => response.socket?.resetAndDestroy() }
}
