/** The page of measures says what the registry says. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { documentMeasures } from '../../src/ask/measures/document.ts'

test('docs/metrics/questions.md is the registry in words', async () => {
  const path = fileURLToPath(new URL('../../../../docs/metrics/questions.md', import.meta.url))
  if (process.env['BUD_UPDATE'] !== undefined) {
    await mkdir(fileURLToPath(new URL('.', `file://${path}`)), { recursive: true })
    await writeFile(path, documentMeasures())
  }
  // Tables are padded for readers by the formatter.
  const unpadded = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')
  expect(unpadded(await readFile(path, 'utf8'))).toBe(unpadded(documentMeasures()))
})
