/** Several real processes on one store: limits hold exactly, changes arrive, and nothing acknowledged is lost to SIGKILL. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFileStore } from '../../src/store/file-store.ts'

let directory = ''
const children: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bud-processes-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

function start(script: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=bud-source', '--no-warnings', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk) => (text += String(chunk)))
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  return text
}

describe('the file store across processes', () => {
  test('four processes are granted exactly the limit, and lose no update', { timeout: 60_000 }, async () => {
    const path = join(directory, 'store.db')
    const texts = await Promise.all(Array.from({ length: 4 }, () => output(start('./contender.child.ts', [path]))))
    const granted = texts.map(Number)
    expect(granted.reduce((sum, each) => sum + each, 0)).toBe(1_000)
    await using store = await createFileStore({ path })
    expect(new TextDecoder().decode(await store.get('count'))).toBe('200')
  })

  test('every write that was acknowledged before SIGKILL is there afterwards', { timeout: 60_000 }, async () => {
    const path = join(directory, 'store.db')
    let acknowledged = 0
    for (let round = 0; round < 4; round += 1) {
      const child = start('./writer.child.ts', [path, String(round)])
      let text = ''
      child.stdout?.on('data', (chunk) => {
        text += String(chunk)
        // Enough has been written to be in the middle of it; where exactly it dies is up to the scheduler.
        if (text.length > 400 * (round + 1)) child.kill('SIGKILL')
      })
      await once(child, 'exit')
      const lines = text.split('\n').slice(0, -1)
      acknowledged += lines.length
      await using store = await createFileStore({ path })
      for (const line of lines) expect(new TextDecoder().decode(await store.get(line))).toBe(line)
    }
    expect(acknowledged).toBeGreaterThan(100)
  })
})

describe('the IPC store across processes', () => {
  test('cluster workers share limits, see changes, and a dead one frees its leases', { timeout: 60_000 }, async () => {
    const result: unknown = JSON.parse(await output(start('./cluster.child.ts', [])))
    expect(result).toEqual({ granted: 500, workers: 3, changesSeen: 3, leaseAfterDeath: true })
  })
})
