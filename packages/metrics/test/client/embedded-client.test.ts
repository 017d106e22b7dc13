/** The embedded engine: what it refuses, in words that help, and how it shares its sessions. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coreErrors } from '@bud-foundry/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'
import { loadEngine } from '../../src/client/engine-module.ts'
import { metricsErrors } from '../../src/errors.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'

let engine: TestEngine

beforeAll(async () => {
  engine = await openTestEngine()
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
})

const catchError = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Opens a directory in another process, and answers what that printed. */
async function openElsewhere(directory: string): Promise<string> {
  const script = fileURLToPath(new URL('../support/open-directory.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=bud-source', script, directory], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  await once(child, 'close')
  return output.trim()
}

test('a directory that another process has open is refused with the number of that process', async () => {
  const output = await openElsewhere(join(engine.directory, 'database'))
  expect(output).toContain('METRICS_DIRECTORY_IN_USE')
  expect(output).toContain(`process ${String(process.pid)}`)
})

test('a second directory in one process is refused, the same one again is shared', async () => {
  const error = await catchError(createEmbeddedClient({ directory: join(engine.directory, 'second') }))
  expect(metricsErrors.ENGINE_BUSY.is(error)).toBe(true)
  const again = await createEmbeddedClient({ directory: join(engine.directory, 'database') })
  expect(await again.query({ what: 'testing', sql: 'SELECT 1 AS one' })).toEqual([{ one: 1 }])
  await again[Symbol.asyncDispose]()
  await again[Symbol.asyncDispose]()
  expect(await engine.client.query({ what: 'testing', sql: 'SELECT 2 AS two' })).toEqual([{ two: 2 }])
})

test('a directory under a file is refused as unwritable', async () => {
  const file = join(engine.directory, 'file')
  await writeFile(file, '')
  const error = await catchError(createEmbeddedClient({ directory: join(file, 'database') }))
  expect(metricsErrors.DIRECTORY_UNWRITABLE.is(error)).toBe(true)
  expect(String(error)).toContain(file)
})

test('a directory without write permission is refused as unwritable', async () => {
  const locked = join(engine.directory, 'locked')
  await mkdir(locked)
  await chmod(locked, 0o555)
  const isRoot = process.getuid?.() === 0
  const output = await openElsewhere(join(locked, 'database'))
  // Root may write anywhere, so for root the same directory opens.
  expect(output).toContain(isRoot ? 'opened' : 'METRICS_DIRECTORY_UNWRITABLE')
})

test('without the package the error is the command that installs it', async () => {
  const error = await catchError(loadEngine(() => Promise.reject(new Error("Cannot find package 'chdb'"))))
  expect(metricsErrors.ENGINE_MISSING.is(error)).toBe(true)
  expect(String(error)).toContain('npm install --no-save --no-package-lock chdb@3.4.0')
})

test.each([
  { platform: 'win32', arch: 'x64' },
  { platform: 'freebsd', arch: 'x64' },
])('on $platform the error says what to use instead', async (host) => {
  const error = await catchError(loadEngine(undefined, host))
  expect(metricsErrors.PLATFORM_UNSUPPORTED.is(error)).toBe(true)
  expect(String(error)).toMatch(/WSL or an external ClickHouse/)
})

test('mistakes in SQL are refusals with the code of ClickHouse, and the client lives on', async () => {
  const error = await catchError(engine.client.query({ what: 'testing', sql: 'SELECT nothing FROM nowhere' }))
  expect(metricsErrors.DATABASE_REFUSED.is(error)).toBe(true)
  expect(String(error)).toContain('code 60')
  expect(await engine.client.query({ what: 'testing', sql: 'SELECT 3 AS three' })).toEqual([{ three: 3 }])
})

test('an aborted question rejects at once, and its session is lent again only when the engine is done with it', async () => {
  const abort = new AbortController()
  const slow = () => engine.client.query({ what: 'waiting', sql: 'SELECT sleep(0.3) AS slept' }, abort.signal)
  const questions = [slow(), slow(), slow()].map(catchError)
  abort.abort()
  for (const error of await Promise.all(questions)) expect(coreErrors.ABORTED.is(error)).toBe(true)
  expect(await engine.client.query({ what: 'testing', sql: 'SELECT 4 AS four' })).toEqual([{ four: 4 }])
})

test('ingestion does not wait for questions', async () => {
  const finished: string[] = []
  const slow = [1, 2, 3].map(() =>
    engine.client.query({ what: 'waiting', sql: 'SELECT sleep(0.3) AS slept' }).then(() => finished.push('question')),
  )
  await engine.client.query({ what: 'testing', sql: 'SELECT 5', lane: 'ingest' }).then(() => finished.push('ingest'))
  await Promise.all(slow)
  expect(finished[0]).toBe('ingest')
})
