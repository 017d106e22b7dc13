/** Stored and live requests become one list. */
import { expect, test } from 'vitest'
import { mergeRequests } from '../../src/hook/use-requests.ts'
import { sampleRequest } from '../support/sample-data.ts'

test('newest first, each once, as the store knows it', () => {
  const stored = [sampleRequest({ id: 'b', timeUnixMs: 2, costUsd: 1 }), sampleRequest({ id: 'a', timeUnixMs: 1 })]
  const live = [sampleRequest({ id: 'c', timeUnixMs: 3 }), sampleRequest({ id: 'b', timeUnixMs: 2 })]
  const merged = mergeRequests(live, stored)
  expect(merged.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  expect(merged[1]?.costUsd).toBe(1)
})
