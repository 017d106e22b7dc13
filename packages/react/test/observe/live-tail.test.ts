/** A tail that is held says how much came since. */
import { expect, test } from 'vitest'
import { countNewer } from '../../src/observe/live-tail.tsx'
import { sampleRequest } from '../support/sample-data.ts'

const events = (...ids: readonly string[]) => ids.map((id) => sampleRequest({ id }))

test('what came after the newest line that is held is counted, also when that line is no longer kept', () => {
  expect(countNewer(events('d', 'c', 'b', 'a'), events('b', 'a'))).toBe(2)
  expect(countNewer(events('b', 'a'), events('b', 'a'))).toBe(0)
  expect(countNewer(events('z', 'y'), events('b', 'a'))).toBe(2)
})
