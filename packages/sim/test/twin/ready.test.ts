/** What is ready when the twin says that it listens; a file of its own, because the tokenizer is loaded once a process. */
import { expect, it } from 'vitest'
import { createEngineTwin } from '../../src/twin/engine-twin.ts'
import { isTokenizerLoaded } from '../../src/twin/tokenizer.ts'

it('has its tokenizer in memory once it listens, so that the first request does not pay for it', async () => {
  expect(isTokenizerLoaded()).toBe(false)
  await using twin = createEngineTwin({ timeScale: 0 })
  await twin.listen()
  expect(isTokenizerLoaded()).toBe(true)
})
