/** The live feed comes back by itself, and leaves nothing behind. */
import { expect, test } from 'vitest'
import { createBudClient } from '../../src/client/client.ts'
import { createLiveFeed } from '../../src/client/live-feed.ts'
import { toRetryDelayMs } from '../../src/client/live-stream.ts'
import { limits } from '../../src/limits.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeFetch, json, openStream, type OpenStream } from '../support/fake-fetch.ts'
import { sampleRequest } from '../support/sample-data.ts'

function setUp(answer?: (index: number) => Response | undefined) {
  const clock = createFakeClock()
  const streams: OpenStream[] = []
  const { fetch, calls } = createFakeFetch((call, index) => {
    const other = answer?.(index)
    if (other !== undefined) return other
    const stream = openStream(call.signal)
    streams.push(stream)
    return stream.response
  })
  return { clock, streams, calls, client: createBudClient({ fetch, clock, random: () => 0.5 }) }
}

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
const start = (id: string) => ({ id, timeUnixMs: 1_000_000, requestedModel: 'm', stream: true })

test('a request is under way from its start to its end', async () => {
  const { client, streams, clock } = setUp()
  const feed = createLiveFeed(client)
  const leave = feed.subscribe(() => {})
  await settle()
  streams[0]?.write(event('request-start', start('a')) + event('request-start', start('b')))
  await clock.advance(limits.liveNotifyMs)
  expect(feed.get()).toMatchObject({ status: 'open', inFlight: [{ id: 'b' }, { id: 'a' }], finished: [] })
  streams[0]?.write(event('request', sampleRequest({ id: 'a' })))
  await clock.advance(limits.liveNotifyMs)
  expect(feed.get()).toMatchObject({ inFlight: [{ id: 'b' }], finished: [{ id: 'a' }] })
  leave()
})

test('a burst of events is told in a few notices, and none of it is lost', async () => {
  const { client, streams, clock } = setUp()
  const feed = createLiveFeed(client)
  let notices = 0
  const leave = feed.subscribe(() => (notices += 1))
  await settle()
  notices = 0
  for (let index = 0; index < 400; index += 1) {
    streams[0]?.write(event('request', sampleRequest({ id: `r${String(index)}` })))
    if (index % 40 === 39) await clock.advance(limits.liveNotifyMs)
  }
  await clock.advance(limits.liveNotifyMs)
  expect(feed.get().finished).toHaveLength(400)
  expect(notices).toBeLessThanOrEqual(22)
  leave()
  await settle()
  expect(clock.timerCount()).toBe(0)
})

test('views share one connection; the last one to leave closes it, with its timers', async () => {
  const { client, calls, clock } = setUp()
  const feed = createLiveFeed(client)
  const leaveFirst = feed.subscribe(() => {})
  const leaveSecond = feed.subscribe(() => {})
  await settle()
  leaveFirst()
  await settle()
  expect(calls).toHaveLength(1)
  expect(calls[0]?.isAborted()).toBe(false)
  leaveSecond()
  leaveSecond()
  await settle()
  expect(calls[0]?.isAborted()).toBe(true)
  expect(clock.timerCount()).toBe(0)
  expect(feed.get().status).toBe('closed')
})

test('leaving and returning at once, as StrictMode does, keeps the connection', async () => {
  const { client, calls } = setUp()
  const feed = createLiveFeed(client)
  feed.subscribe(() => {})()
  const leave = feed.subscribe(() => {})
  await settle()
  expect(calls).toHaveLength(1)
  expect(calls[0]?.isAborted()).toBe(false)
  leave()
})

test('a broken connection is made anew, from the last event', async () => {
  const { client, streams, calls, clock } = setUp()
  const statuses: string[] = []
  const subscription = client.live({ onStatus: (status) => statuses.push(status) })
  await settle()
  streams[0]?.write('id: 41\ndata: x\n\n')
  await settle()
  streams[0]?.fail()
  await clock.advance(limits.liveRetryMsMax)
  expect(statuses).toEqual(['connecting', 'open', 'retrying', 'open'])
  expect(calls[1]?.headers.get('last-event-id')).toBe('41')
  subscription.close()
  subscription.close()
  await settle()
  expect(statuses.at(-1)).toBe('closed')
  expect(clock.timerCount()).toBe(0)
})

test('a refused connection is tried again with growing delays', async () => {
  const { client, calls, clock } = setUp(() => json({}, 503))
  const subscription = client.live({})
  await clock.advance(0)
  const times: number[] = []
  for (let ms = 0; ms < 40_000; ms += 250) {
    const before = calls.length
    await clock.advance(250)
    if (calls.length > before) times.push(ms + 250)
  }
  const gaps = times.map((time, index) => time - (times[index - 1] ?? 0))
  expect(gaps.length).toBeGreaterThan(3)
  expect([...gaps].sort((left, right) => left - right)).toEqual(gaps)
  subscription.close()
})

test('a connection that falls silent is given up', async () => {
  const { client, calls, clock } = setUp()
  const subscription = client.live({})
  await clock.advance(limits.liveSilenceMs - 1)
  expect(calls[0]?.isAborted()).toBe(false)
  await clock.advance(1)
  expect(calls[0]?.isAborted()).toBe(true)
  subscription.close()
})

test('an event that cannot be read is reported and passed over', async () => {
  const { client, streams } = setUp()
  const errors: unknown[] = []
  const ids: string[] = []
  const subscription = client.live({ onError: (error) => errors.push(error), onRequest: ({ id }) => ids.push(id) })
  await settle()
  streams[0]?.write('event: request\ndata: {broken\n\n' + event('request', { id: 1 }) + event('request', sampleRequest({ id: 'fine' })))
  await settle()
  expect(errors).toHaveLength(2)
  expect(ids).toEqual(['fine'])
  subscription.close()
})

test('delays double from the base, stay below the maximum and are half random', () => {
  expect([0, 1, 2].map((failures) => toRetryDelayMs(failures, 500, () => 0))).toEqual([250, 500, 1000])
  expect(toRetryDelayMs(1, 500, () => 0.999_999)).toBeCloseTo(1000, 1)
  expect(toRetryDelayMs(99, 500, () => 1)).toBe(limits.liveRetryMsMax)
})
