/** Resources are shared, refreshed while followed, and ended when nobody looks. */
import { expect, test } from 'vitest'
import { createResourceStore } from '../../src/client/resource-store.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'

function setUp() {
  const clock = createFakeClock()
  const signals: AbortSignal[] = []
  const answers: PromiseWithResolvers<string>[] = []
  const store = createResourceStore(clock)
  const load = (signal: AbortSignal) => {
    signals.push(signal)
    const answer = Promise.withResolvers<string>()
    answers.push(answer)
    return answer.promise
  }
  const follow = (refreshMs?: number) => store.follow({ key: 'k', load, refreshMs }, () => {})
  return { clock, store, signals, answers, follow, get: () => store.get<string>('k') }
}

test('two followers share one request and one answer', async () => {
  const { answers, follow, get } = setUp()
  follow()
  follow()
  expect(get()).toMatchObject({ status: 'loading', isLoading: true })
  answers[0]?.resolve('data')
  await settle()
  expect(answers).toHaveLength(1)
  expect(get()).toMatchObject({ status: 'ready', data: 'data', isLoading: false })
})

test('it is loaded again at its pace, and only while followed', async () => {
  const { clock, answers, follow } = setUp()
  const leave = follow(1_000)
  answers[0]?.resolve('1')
  await clock.advance(1_000)
  expect(answers).toHaveLength(2)
  answers[1]?.resolve('2')
  await settle()
  leave()
  await settle()
  expect(clock.timerCount()).toBe(0)
})

test('the last follower ends the request; one that returns at once keeps it', async () => {
  const { signals, follow } = setUp()
  follow()()
  const leave = follow()
  await settle()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  leave()
  await settle()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
})

test('a failed refresh keeps the old data and says that it is old', async () => {
  const { answers, follow, get, store } = setUp()
  follow()
  answers[0]?.reject(new Error('first try'))
  await settle()
  expect(get()).toMatchObject({ status: 'error', data: undefined, isStale: false, error: { message: 'first try' } })
  store.reload('k')
  answers[1]?.resolve('good')
  await settle()
  store.reload('k')
  answers[2]?.reject(new Error('later'))
  await settle()
  expect(get()).toMatchObject({ status: 'ready', data: 'good', isStale: true, error: { message: 'later' } })
})

test('a reload during a load is not lost: what was asked before a change is asked again after it', async () => {
  const { answers, follow, get, store } = setUp()
  follow()
  store.reload('k')
  store.reload('k')
  expect(answers).toHaveLength(1)
  answers[0]?.resolve('before')
  await settle()
  expect(answers).toHaveLength(2)
  answers[1]?.resolve('after')
  await settle()
  expect(answers).toHaveLength(2)
  expect(get()).toMatchObject({ data: 'after' })
})

test('the pace may follow from the data, and end with it', async () => {
  const { clock, answers, store } = setUp()
  const load = () => {
    const answer = Promise.withResolvers<string>()
    answers.push(answer)
    return answer.promise
  }
  store.follow({ key: 'paced', load, refreshMs: (data) => (data === 'running' ? 100 : undefined) }, () => {})
  answers[0]?.resolve('running')
  await clock.advance(100)
  answers[1]?.resolve('done')
  await clock.advance(10_000)
  expect(answers).toHaveLength(2)
  expect(clock.timerCount()).toBe(0)
})
