/** A client whose server answers from a script: data, a failure, or nothing yet. */
import { createBudClient, type BudClient, type ClientClock } from '../../src/index.ts'
import { limits } from '../../src/limits.ts'
import { nowUnixMs } from '../../test/support/sample-data.ts'

export const waits = Symbol('no answer yet')
/** A failure that says this. */
export interface Fails {
  readonly fails: string
}
/** By the end of the path; a function is asked each time. */
export type Answers = Readonly<Record<string | symbol, unknown>>

export const failing: Fails = { fails: 'the database does not answer; try again in a minute' }

/** Refreshes that come at once for answers that turn stale; more would never end. */
const refreshesMax = 8

/** Stands still, so that a story looks the same on every day; what is scheduled soon still comes. */
function createStillClock(refreshes: number): ClientClock {
  let left = refreshes
  return {
    nowMs: () => nowUnixMs,
    monotonicMs: () => 0,
    after: (delayMs, callback) => {
      const isRefresh = delayMs > 1_000 && delayMs !== limits.requestTimeoutMs && left > 0
      if (isRefresh) left -= 1
      if (delayMs > 50 && !isRefresh) return () => {}
      const timer = setTimeout(callback, Math.min(delayMs, 50))
      return () => {
        clearTimeout(timer)
      }
    },
  }
}

/** Each path answers once; every refresh fails. */
export const turnsStale = Symbol('fails from the second time on')

export function createScriptedClient(answers: Answers = {}): BudClient {
  const isTurning = answers[turnsStale] === true
  const seen = new Map<string, number>()
  return createBudClient({
    clock: createStillClock(isTurning ? refreshesMax : 0),
    random: () => 0.5,
    fetch: async (input, { signal, body } = {}) => {
      const path = new URL(input instanceof Request ? input.url : input, 'http://story').pathname
      const name = Object.keys(answers).find((each) => path.endsWith(each)) ?? ''
      const found = answers[name] ?? answers['*']
      const asked = `${name} ${typeof body === 'string' ? body : ''}`
      seen.set(asked, (seen.get(asked) ?? 0) + 1)
      if (isTurning && (seen.get(asked) ?? 0) > 1) return refuse(failing)
      const answer: unknown = isAnswering(found) ? found(typeof body === 'string' ? JSON.parse(body) : undefined) : found
      if (answer === undefined || answer === waits) return nothing(signal)
      if (isFailure(answer)) return refuse(answer)
      if (typeof answer === 'string') return new Response(answer, { headers: { 'content-type': 'text/event-stream' } })
      return Response.json(answer)
    },
  })
}

function refuse({ fails }: Fails): Response {
  return Response.json({ error: { code: 'STORY_FAILED', message: fails } }, { status: 500 })
}

/** Answers by the question; safe to call with any, as scripts are our own. */
function isAnswering(found: unknown): found is (asked: unknown) => unknown {
  return typeof found === 'function'
}

function isFailure(answer: unknown): answer is Fails {
  return typeof answer === 'object' && answer !== null && 'fails' in answer
}

function nothing(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'))
    })
  })
}
