/** Engine arguments can be pasted into a shell. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote, toLines } from '../../src/plan-list/plan-card.tsx'

test('an option stands with its value on one line', () => {
  expect(toLines(['vllm', 'serve'], ['model', '--tp', '2', '--eager', '--max', '8'])).toBe(
    'vllm serve \\\n  model \\\n  --tp 2 \\\n  --eager \\\n  --max 8',
  )
})

test('a shell reads back exactly the words that were quoted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '$', '`', '\\', '{', '*', '\n', '-', 'é'), maxLength: 8 }), {
        maxLength: 4,
      }),
      (words) => {
        const script = `printf '%s\\0' ${words.map(quote).join(' ')}`
        const output = words.length === 0 ? '' : execFileSync('sh', ['-c', script], { encoding: 'utf8' })
        expect(output).toBe(words.map((word) => `${word}\0`).join(''))
      },
    ),
    { numRuns: 40 },
  )
})
