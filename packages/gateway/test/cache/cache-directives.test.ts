/** What callers may say about caching. */
import { expect, it } from 'vitest'
import { readCacheDirectives } from '../../src/cache/cache-directives.ts'

const infinite = Number.POSITIVE_INFINITY
const read = (headers: Record<string, string>) => readCacheDirectives((name) => headers[name])

it.each([
  [{}, { read: true, write: true, only: false, maxAgeMs: infinite }],
  [{ 'cache-control': 'no-store' }, { read: false, write: false }],
  [{ 'cache-control': 'max-age=5, NO-STORE' }, { read: false, write: false }],
  [{ 'cache-control': 'no-cache' }, { read: false, write: true }],
  [{ 'cache-control': 'max-age=60' }, { read: true, maxAgeMs: 60_000 }],
  [{ 'cache-control': 'max-age="60"' }, { maxAgeMs: 60_000 }],
  [{ 'cache-control': 'max-age=soon' }, { maxAgeMs: 0 }],
  [{ 'cache-control': 'only-if-cached, max-age=60' }, { only: true, maxAgeMs: 60_000 }],
  [{ 'cache-control': 'private, foo=bar' }, { read: true, write: true }],
  [{ 'x-bud-cache': 'bypass' }, { read: false, write: false }],
  [{ 'x-bud-cache': ' Refresh' }, { read: false, write: true }],
  [
    { 'x-bud-cache': 'only', 'cache-control': 'no-store' },
    { read: true, only: true },
  ],
])('reads %j', (headers, expected) => {
  expect(read(headers)).toMatchObject(expected)
})

it('refuses words that it does not know', () => {
  expect(() => read({ 'x-bud-cache': 'maybe' })).toThrow(/'maybe'.*bypass, refresh or only/)
})
