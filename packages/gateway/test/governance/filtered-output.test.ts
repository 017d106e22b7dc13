/** Back-pressure through filters that take their time. */
import { expect, it } from 'vitest'
import { FilteredOutput } from '../../src/governance/filtered-output.ts'

it('pauses the upstream while the caller takes no more, though the filter answered late', async () => {
  let drains = 0
  let passed = 0
  const owner = {
    onFilteredStart: () => undefined,
    onFilteredBytes: () => {
      passed += 1
      return false
    },
    onFilteredAnswer: () => undefined,
    onFilterError: () => undefined,
    onFilterDrain: () => {
      drains += 1
    },
  }
  const late = { push: (bytes: Uint8Array) => Promise.resolve(bytes), end: () => undefined, whole: (body: Uint8Array) => body }
  const output = new FilteredOutput(owner, [late], () => undefined)
  output.start(200, {})
  expect(output.write(new Uint8Array(1))).toBe(true)
  await expect.poll(() => passed).toBe(1)
  expect(output.write(new Uint8Array(1))).toBe(false)
  await expect.poll(() => passed).toBe(2)
  expect(drains).toBe(0)
  expect(output.drained()).toBe(true)
  expect(output.write(new Uint8Array(1))).toBe(true)
})
