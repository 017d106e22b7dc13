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
      const asked: unknown = typeof body === 'string' ? JSON.parse(body) : undefined
      const answerTo = (wanted: string, question: unknown): unknown => {
        const name = Object.keys(answers).find((each) => wanted.endsWith(each)) ?? ''
        const found = answers[name] ?? answers['*']
        const key = `${name} ${JSON.stringify(question)}`
        seen.set(key, (seen.get(key) ?? 0) + 1)
        if (isTurning && (seen.get(key) ?? 0) > 1) return failing
        return isAnswering(found) ? found(question) : found
      }
      // Several questions get what each would get alone; when one has no answer, all wait.
      const many = path.endsWith('/ask-many') && isMany(asked) ? asked.questions.map((each) => answerTo('/ask', each)) : undefined
      const answer = many === undefined ? answerTo(path, asked) : (many.find((each) => !isData(each)) ?? { answers: many })
      if (answer === undefined || answer === waits) return nothing(signal)
      if (isFailure(answer)) return refuse(answer)
      if (typeof answer === 'string') return new Response(answer, { headers: { 'content-type': 'text/event-stream' } })
      return Response.json(answer)
    },
  })
}

/** Final: a failure that may pass is tried again first. */
function refuse({ fails }: Fails): Response {
  return Response.json({ error: { code: 'STORY_FAILED', message: fails } }, { status: 400 })
}

/** Answers by the question; safe to call with any, as scripts are our own. */
function isAnswering(found: unknown): found is (asked: unknown) => unknown {
  return typeof found === 'function'
}

const isData = (answer: unknown) => answer !== undefined && answer !== waits && !isFailure(answer)

function isMany(asked: unknown): asked is { readonly questions: readonly unknown[] } {
  return typeof asked === 'object' && asked !== null && 'questions' in asked
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
