/** Questions of one moment travel together, and each asker hears of its own. */
import { expect, test } from 'vitest'
import { createAskBatch } from '../../src/client/ask-batch.ts'
import type { Question } from '../../src/client/ask.ts'
import { createBudClient } from '../../src/client/client.ts'
import { limits } from '../../src/limits.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeFetch, json, pending, type Call } from '../support/fake-fetch.ts'
import { sampleAnswer } from '../support/sample-answer.ts'

const question = (last: string): Question => ({ measure: 'requests', window: { last } })
// Safe in a test: these are the questions above.
const questionsOf = ({ body }: Call) => (body as { questions: { window: { last: string } }[] }).questions
const answerAll = (call: Call) =>
  json({ answers: questionsOf(call).map(({ window }) => ({ ...sampleAnswer(), fromUnixMs: Number.parseInt(window.last, 10) })) })

function setUp(answer: (call: Call) => Response | Promise<Response>) {
  const clock = createFakeClock()
  const { fetch, calls } = createFakeFetch(answer)
  const batch = createAskBatch(createBudClient({ fetch, clock }))
  return { clock, calls, ask: (last: string, signal = new AbortController().signal) => batch.ask(question(last), signal) }
}

test('questions of one moment are one request, answered each to its asker; a later one is another', async () => {
  const { clock, calls, ask } = setUp((call) => (call.url.endsWith('/ask-many') ? answerAll(call) : json(sampleAnswer())))
  const answers = Promise.all([ask('1h'), ask('2h'), ask('3h')])
  await clock.advance(limits.questionsTogetherMs)
  expect((await answers).map(({ fromUnixMs }) => fromUnixMs)).toEqual([1, 2, 3])
  const alone = ask('4h')
  await clock.advance(limits.questionsTogetherMs)
  await alone
  expect(calls.map(({ url }) => url)).toEqual(['/api/metrics/ask-many', '/api/metrics/ask'])
  expect(clock.timerCount()).toBe(0)
})

test('more than the server takes at once are several requests', async () => {
  const { clock, calls, ask } = setUp(answerAll)
  const answers = Promise.all(Array.from({ length: limits.questionsTogetherMax + 2 }, (_, index) => ask(`${String(index + 1)}h`)))
  await clock.advance(limits.questionsTogetherMs)
  expect((await answers).map(({ fromUnixMs }) => fromUnixMs)).toEqual(
    Array.from({ length: limits.questionsTogetherMax + 2 }, (_, index) => index + 1),
  )
  expect(calls.map((call) => questionsOf(call).length)).toEqual([limits.questionsTogetherMax, 2])
})

test('a wrong question is refused alone, the others are answered', async () => {
  const { clock, ask } = setUp((call) => {
    const isWrong = JSON.stringify(call.body).includes('9h')
    if (isWrong) return json({ error: { message: 'window.last: 9h is no length' } }, 400)
    return json(sampleAnswer())
  })
  const good = ask('1h')
  const wrong = expect(ask('9h')).rejects.toMatchObject({ message: 'window.last: 9h is no length' })
  await clock.advance(limits.questionsTogetherMs)
  await wrong
  expect((await good).rows).toHaveLength(2)
})

test('a dead server fails them all, with one request', async () => {
  const { clock, calls, ask } = setUp(() => json({}, 403))
  const both = [ask('1h'), ask('2h')].map((each) => expect(each).rejects.toMatchObject({ status: 403 }))
  await clock.advance(limits.questionsTogetherMs)
  await Promise.all(both)
  expect(calls).toHaveLength(1)
})

test('who leaves early is not asked for; the request ends when the last one leaves', async () => {
  const { clock, calls, ask } = setUp(pending)
  const [early, first, second] = [new AbortController(), new AbortController(), new AbortController()]
  const left = expect(ask('1h', early.signal)).rejects.toMatchObject({ code: 'REACT_ABORTED' })
  const others = [ask('2h', first.signal), ask('3h', second.signal)].map((each) =>
    expect(each).rejects.toMatchObject({ code: 'REACT_ABORTED' }),
  )
  early.abort()
  await clock.advance(limits.questionsTogetherMs)
  await left
  expect(calls.map((call) => questionsOf(call).length)).toEqual([2])
  first.abort()
  expect(calls[0]?.isAborted()).toBe(false)
  second.abort()
  expect(calls[0]?.isAborted()).toBe(true)
  await Promise.all(others)
})
