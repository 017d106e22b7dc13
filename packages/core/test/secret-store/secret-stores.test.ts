/** The secret stores: the suite, and the ways in which references and files go wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEnvSecretStore } from '../../src/secret-store/env-secret-store.ts'
import { createStaticSecretStore } from '../../src/secret-store/static-secret-store.ts'
import { secretStoreConformance } from '../../src/testing/conformance/secret-store.ts'

const never = new AbortController().signal
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bud-secret-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})
const close = () => Promise.resolve()

secretStoreConformance({
  describe,
  test,
  name: 'the static secret store',
  create: async () => {
    const known = { openai: 'canary-static-1', 'with space': 'canary-static-2' }
    return { store: createStaticSecretStore(known), known, unknown: 'anthropic', close }
  },
})

secretStoreConformance({
  describe,
  test,
  name: 'the environment secret store',
  create: async () => {
    const path = join(directory, 'key')
    writeFileSync(path, 'canary-file\n')
    const store = createEnvSecretStore({ environment: { OPENAI_API_KEY: 'canary-env', EMPTY: '' } })
    return { store, known: { 'env:OPENAI_API_KEY': 'canary-env', [`file:${path}`]: 'canary-file' }, unknown: 'env:EMPTY', close }
  },
})

describe('the environment secret store', () => {
  const store = createEnvSecretStore({ environment: { KEY: 'value' } })
  const read = (reference: string) => store.read(reference, never)

  test('takes one line feed from the end of a file, and nothing else', async () => {
    const path = join(directory, 'key')
    for (const [text, plain] of [
      ['secret\r\n', 'secret'],
      ['secret\n\n', 'secret\n'],
      [' secret ', ' secret '],
      ['-----BEGIN\nmore\n', '-----BEGIN\nmore'],
    ] as const) {
      writeFileSync(path, text)
      expect((await read(`file:${path}`)).reveal()).toBe(plain)
    }
  })

  test.each(['KEY', 'env:', 'env:A B', 'env:A=B', 'file:relative/key', 'file:', 'vault:key'])(
    'refuses %j as a reference',
    async (reference) => {
      await expect(read(reference)).rejects.toMatchObject({ code: 'CORE_SECRET_REFERENCE_INVALID', details: { reference } })
    },
  )

  test('says what is wrong with a file', async () => {
    const write = (name: string, content: string | Buffer) => {
      writeFileSync(join(directory, name), content)
      return `file:${join(directory, name)}`
    }
    await expect(read(`file:${join(directory, 'none')}`)).rejects.toMatchObject({ code: 'CORE_SECRET_NOT_FOUND' })
    await expect(read(write('empty', '\n'))).rejects.toMatchObject({ code: 'CORE_SECRET_NOT_FOUND' })
    await expect(read(`file:${directory}`)).rejects.toMatchObject({ code: 'CORE_SECRET_UNREADABLE' })
    await expect(read(write('large', 'x'.repeat(65_537)))).rejects.toMatchObject({ code: 'CORE_SECRET_UNREADABLE' })
    await expect(read(write('binary', Buffer.from([0xff, 0xfe, 0x00])))).rejects.toMatchObject({ code: 'CORE_SECRET_UNREADABLE' })
    expect((await read(write('just fits', 'x'.repeat(65_536)))).reveal()).toHaveLength(65_536)
  })
})
