/** The request that has a target carry an answer on: the caller's own, with what was sent of the answer behind it. */
import type { Prefill } from '@bud-foundry/core'
import { findField, topFields } from '../../dialect/json-body.ts'
import { estimateTextTokens } from '../../dialect/token-estimate.ts'
import type { TargetState } from '../../routing/target-state.ts'
import { CallPlan } from '../call-plan.ts'
import type { SentAnswer } from './stream-memory.ts'

/** `restart`: no text was sent yet, so the same question is asked again. */
export type ContinuationMeans = 'prefill' | 'ask' | 'restart'

const plea =
  'Your answer above was cut off by a technical fault. Continue it from exactly the character where it stops. ' +
  'Repeat nothing of it, and add no introduction, no apology and no comment.'

/** Names of the output limit in the dialects that can be continued. */
const limitFields = ['max_tokens', 'max_completion_tokens']

interface Range {
  readonly start: number
  readonly end: number
}

function fieldRange(body: Uint8Array, name: string): Range | undefined {
  const fields = topFields(body)
  const index = findField(body, fields, name)
  const start = fields[index + 2]
  const end = fields[index + 3]
  return index < 0 || start === undefined || end === undefined ? undefined : { start, end }
}

const spliced = (body: Uint8Array, { start, end }: Range, text: string): Uint8Array =>
  Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)])

/** Members of a JSON object without its braces. */
const membersOf = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields).slice(1, -1)

/** Puts messages behind those of the body, whose other bytes stay as they are. */
function appendMessages(body: Uint8Array, messages: readonly object[]): Uint8Array {
  const range = fieldRange(body, 'messages')
  if (range === undefined) return body
  const end = range.end - 1
  return spliced(body, { start: end, end }, messages.map((message) => `,${JSON.stringify(message)}`).join(''))
}

/** What was sent counts against the caller's limit. */
function lowerLimits(body: Uint8Array, sentTokens: number): Uint8Array {
  let result = body
  for (const name of limitFields) {
    const range = fieldRange(result, name)
    const limit = range === undefined ? Number.NaN : Number(Buffer.from(result.subarray(range.start, range.end)).toString())
    if (range !== undefined && Number.isFinite(limit)) result = spliced(result, range, String(Math.max(1, limit - sentTokens)))
  }
  return result
}

function withPrefill(body: Uint8Array, prefill: Prefill): Uint8Array {
  let result = body
  if (prefill.messageFields !== undefined) {
    const range = fieldRange(result, 'messages')
    // The last message is ours, an object: its closing brace stands before the closing bracket.
    const end = range === undefined ? -1 : Buffer.from(result).lastIndexOf('}', range.end - 1)
    if (end > 0) result = spliced(result, { start: end, end }, `,${membersOf(prefill.messageFields)}`)
  }
  if (prefill.bodyFields === undefined) return result
  const start = Buffer.from(result).indexOf('{') + 1
  return spliced(result, { start, end: start }, `${membersOf(prefill.bodyFields)},`)
}

/** How the target is made to carry on what was sent. */
export function chooseMeans(sent: SentAnswer, state: TargetState): ContinuationMeans {
  if (sent.text === '') return 'restart'
  // Thinking that is not sent back would begin anew inside the answer.
  return sent.hasThinking || state.provider.prefill?.(state.target) === undefined ? 'ask' : 'prefill'
}

export class ContinuationPlan extends CallPlan {
  readonly #prefill: Prefill | undefined

  constructor(plan: CallPlan, sent: SentAnswer, target: { readonly means: ContinuationMeans; readonly state: TargetState }) {
    const { means, state } = target
    // Upstreams refuse white space at the end of what they are to carry on, or take it for another token.
    const assistant = { role: 'assistant', content: means === 'prefill' ? sent.text.trimEnd() : sent.text }
    const added = means === 'restart' ? [] : means === 'prefill' ? [assistant] : [assistant, { role: 'user', content: plea }]
    const body = lowerLimits(appendMessages(plan.body, added), estimateTextTokens(sent.bytes))
    super({ operation: plan.operation, dialect: plan.dialect, body, head: plan.dialect.readHead(body) })
    this.#prefill = means === 'prefill' ? state.provider.prefill?.(state.target) : undefined
  }

  override bodyFor(state: TargetState): Uint8Array {
    const body = super.bodyFor(state)
    return this.#prefill === undefined ? body : withPrefill(body, this.#prefill)
  }
}
