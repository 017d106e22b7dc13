/** Text that a service judges, in windows that overlap: nothing passes that was not judged together with what stands before and after it. */
import type { Clock } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { StageCall } from '../governance/stage.ts'
import type { Findings } from './findings.ts'
import { judgedCharacters } from './guardrail-limits.ts'
import type { Side } from './guardrail-config.ts'
import type { Judgement } from './judgement.ts'
import { maskOf, type ServiceRail } from './rail.ts'

export interface JudgingParts {
  readonly rail: ServiceRail
  readonly side: Side
  readonly call: StageCall
  readonly findings: Findings
  readonly clock: Clock
  /** Whether the text is JSON: what would be masked in it is blocked instead, for it would be JSON no more. */
  readonly json: boolean
}

/** A judgement within the rail's budget; undefined when none came and the rail fails open. Rejects with GATEWAY_GUARDRAIL_UNAVAILABLE. */
async function ask(parts: JudgingParts, text: string): Promise<Judgement | undefined> {
  const { rail, side, call, findings, clock } = parts
  const { budgetMs } = rail.config
  call.signal.throwIfAborted()
  const startMs = clock.monotonicMs()
  const stop = new AbortController()
  const tooLate = Promise.withResolvers<never>()
  using _timer = clock.schedule(budgetMs, () => {
    const error = new Error(`no judgement came within ${String(budgetMs)} ms`)
    stop.abort(error)
    tooLate.reject(error)
  })
  const about = { side, requestId: call.requestId, model: call.model, projectId: call.key?.projectId }
  try {
    const judging = rail.judge.judge(text, about, AbortSignal.any([call.signal, stop.signal]))
    return await Promise.race([judging, tooLate.promise])
  } catch (error) {
    // Nobody waits for it any more, which says nothing of the service.
    if (call.signal.aborted) throw error
    findings.failed(rail, side, error)
    return undefined
  } finally {
    findings.spent(rail, side, startMs)
  }
}

/** The text with what was judged masked; `from` on is what may change. Throws GATEWAY_GUARDRAIL_BLOCKED. */
function apply(parts: JudgingParts, judgement: Judgement | undefined, text: string, from: number): string {
  const { rail, side, findings, json } = parts
  if (judgement?.flagged !== true) return text.slice(from)
  const mask = findings.found(rail, side, maskOf(rail, judgement.categories[0]?.toUpperCase() ?? 'REMOVED'))
  if (mask === undefined) return text.slice(from)
  if (json) throw gatewayErrors.GUARDRAIL_BLOCKED({ rail: rail.name, side })
  if (judgement.spans.length === 0) return mask
  let result = ''
  let at = from
  for (const { start, end } of [...judgement.spans].sort((left, right) => left.start - right.start)) {
    if (end <= at) continue
    result += text.slice(at, Math.max(at, start)) + mask
    at = end
  }
  return result + text.slice(at)
}

/** A stream's text. */
export class JudgedText {
  readonly #parts: JudgingParts
  /** What has passed and is shown to the judge again. */
  #passed = ''
  /** What waits; its beginning, `#judged` characters long, is judged and may still turn out to be the beginning of something. */
  #held = ''
  #judged = 0

  constructor(parts: JudgingParts) {
    this.#parts = parts
  }

  async push(piece: string): Promise<string> {
    const { windowCharacters } = this.#parts.rail.config
    this.#held += piece
    let released = ''
    while (this.#held.length - this.#judged >= windowCharacters) released += await this.#judge(this.#judged + windowCharacters, false)
    return released
  }

  async end(): Promise<string> {
    return this.#held === '' ? '' : this.#judge(this.#held.length, true)
  }

  async #judge(length: number, last: boolean): Promise<string> {
    const { overlapCharacters } = this.#parts.rail.config
    const shown = this.#passed + this.#held.slice(0, length)
    const judgement = length > this.#judged ? await ask(this.#parts, shown) : undefined
    const clean = apply(this.#parts, judgement, shown, this.#passed.length)
    const rest = this.#held.slice(length)
    const keep = last ? 0 : Math.min(overlapCharacters, clean.length)
    const released = clean.slice(0, clean.length - keep)
    this.#held = clean.slice(clean.length - keep) + rest
    this.#judged = keep
    this.#passed = overlapCharacters === 0 ? '' : (this.#passed + released).slice(-overlapCharacters)
    return released
  }
}

/** A text that is there as a whole, in pieces that a service takes. */
export async function judgeText(parts: JudgingParts, text: string): Promise<string> {
  if (text.length <= judgedCharacters) return apply(parts, await ask(parts, text), text, 0)
  const judged = new JudgedText({
    ...parts,
    rail: { ...parts.rail, config: { ...parts.rail.config, windowCharacters: judgedCharacters } },
  })
  return (await judged.push(text)) + (await judged.end())
}
