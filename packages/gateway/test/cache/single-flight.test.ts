/** Who calls, who waits, and who takes over. */
import { expect, it } from 'vitest'
import { SingleFlight, type Flight, type Landing } from '../../src/cache/single-flight.ts'

const open = () => new AbortController()

function lead(flights: SingleFlight<string>): Flight<string> {
  const joined = flights.join('key', () => open().signal)
  if (joined === undefined || joined instanceof Promise) throw new Error('somebody leads already')
  return joined
}

function follow(flights: SingleFlight<string>, controller = open()): Promise<Landing<string>> {
  const joined = flights.join('key', () => controller.signal)
  if (!(joined instanceof Promise)) throw new Error('nobody leads')
  return joined
}

const flightOf = (landing: Landing<string>): Flight<string> => {
  if (landing.kind !== 'lead') throw new Error(`expected a flight, got '${landing.kind}'`)
  return landing.flight
}

it('gives everybody the answer of the one who leads', async () => {
  const flights = new SingleFlight<string>()
  const leader = lead(flights)
  const followers = [follow(flights), follow(flights), follow(flights)]
  leader.land('answer')
  leader.disband()
  expect(await Promise.all(followers)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'answer', answer: 'answer' })))
  expect(flights.size).toBe(0)
  lead(flights)
})

it('hands over to the next when the leader fails or leaves, and gives its answer to the rest', async () => {
  const flights = new SingleFlight<string>()
  const leader = lead(flights)
  const [first, second] = [follow(flights), follow(flights)]
  leader.handOver()
  const next = flightOf(await first)
  const third = follow(flights)
  next.land('late')
  expect(await Promise.all([second, third])).toEqual([
    { kind: 'answer', answer: 'late' },
    { kind: 'answer', answer: 'late' },
  ])
})

it('lets the rest call on their own after three leaders have failed', async () => {
  const flights = new SingleFlight<string>()
  let leader = lead(flights)
  const followers = [follow(flights), follow(flights), follow(flights), follow(flights)]
  for (const next of followers.slice(0, 2)) {
    leader.handOver()
    leader = flightOf(await next)
  }
  leader.handOver()
  expect(await Promise.all(followers.slice(2))).toEqual([{ kind: 'alone' }, { kind: 'alone' }])
  expect(flights.size).toBe(0)
})

it('passes over followers that have left', async () => {
  const flights = new SingleFlight<string>()
  const leader = lead(flights)
  const gone = open()
  const [first, second] = [follow(flights, gone), follow(flights)]
  gone.abort()
  expect(await first).toEqual({ kind: 'alone' })
  leader.handOver()
  flightOf(await second).disband()
  expect(flights.size).toBe(0)
})

it('ends once: what a former leader says later changes nothing', async () => {
  const flights = new SingleFlight<string>()
  const leader = lead(flights)
  const first = follow(flights)
  leader.handOver()
  leader.land('stale')
  const second = follow(flights)
  flightOf(await first).land('fresh')
  expect(await second).toEqual({ kind: 'answer', answer: 'fresh' })
})

it('bounds those who wait', () => {
  const flights = new SingleFlight<string>()
  for (let index = 0; index <= 1_000; index += 1) expect(flights.join('key', () => open().signal)).toBeDefined()
  expect(flights.join('key', () => open().signal)).toBeUndefined()
})
