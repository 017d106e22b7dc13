/** Questions that views ask in the same moment go to the server as one request; each still gets its own answer, and its own failure. */
import { BudClientError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Answer, Question } from './ask.ts'
import type { BudClient } from './client.ts'

export interface AskBatch {
  /** As `client.ask`, at most a few milliseconds later. */
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>
}

interface Waiting {
  readonly question: Question
  readonly signal: AbortSignal
  readonly resolve: (answer: Answer | Promise<Answer>) => void
  readonly reject: (error: unknown) => void
}

export function createAskBatch(client: Pick<BudClient, 'ask' | 'askMany' | 'clock'>): AskBatch {
  let waiting: Waiting[] = []

  const sendAll = () => {
    const wanted = waiting.filter(({ signal }) => !signal.aborted)
    for (const left of waiting) if (left.signal.aborted) left.reject(stopped())
    waiting = []
    for (let at = 0; at < wanted.length; at += limits.questionsTogetherMax) void send(wanted.slice(at, at + limits.questionsTogetherMax))
  }

  /** Never rejects: what goes wrong goes to those who asked. */
  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const [only] = batch
    if (only !== undefined && batch.length === 1) {
      only.resolve(client.ask(only.question, { signal: only.signal }))
      return
    }
    const { signal, release } = toJoint(batch.map((each) => each.signal))
    try {
      const answers = await client.askMany(
        batch.map(({ question }) => question),
        { signal },
      )
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (answer === undefined) reject(missing(index))
        else resolve(answer)
      })
    } catch (error) {
      for (const each of batch) {
        // One wrong question refuses all of them; asked alone, the others are answered.
        if (isAboutOne(error)) each.resolve(client.ask(each.question, { signal: each.signal }))
        else each.reject(error)
      }
    } finally {
      release()
    }
  }

  return {
    ask: (question, signal) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) client.clock.after(limits.questionsTogetherMs, sendAll)
        waiting.push({ question, signal, resolve, reject })
      }),
  }
}

/** Aborts when nobody waits any more. */
function toJoint(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; readonly release: () => void } {
  const joint = new AbortController()
  const check = () => {
    if (signals.every(({ aborted }) => aborted)) joint.abort()
  }
  for (const signal of signals) signal.addEventListener('abort', check, { once: true })
  return {
    signal: joint.signal,
    release: () => {
      for (const signal of signals) signal.removeEventListener('abort', check)
    },
  }
}

/** A refusal of the questions, or of asking several at once; asking again one by one tells which. */
function isAboutOne(error: unknown): boolean {
  return error instanceof BudClientError && (error.status === 400 || error.status === 404 || error.status === 405)
}

function stopped(): BudClientError {
  return new BudClientError({ code: 'REACT_ABORTED', message: 'The question was taken back before it was sent.' })
}

function missing(index: number): BudClientError {
  return new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: `The server left question ${String(index + 1)} without an answer.` })
}
