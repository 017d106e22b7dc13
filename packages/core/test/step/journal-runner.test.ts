/** The journal runner: the suite, its lease, and SIGKILL at every point of an operation. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/store.ts'
import { createJournalRunner } from '../../src/step/journal-runner.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { stepRunnerConformance } from '../../src/testing/conformance/step-runner.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

stepRunnerConformance({
  describe,
  test,
  name: 'the journal runner',
  create: async () => {
    const clock = createFakeClock()
    const store = createMemoryStore({ clock })
    return {
      runner: createJournalRunner({ store, clock }),
      restart: async () => createJournalRunner({ store, clock }),
      close: async () => {
        await store[Symbol.asyncDispose]()
      },
    }
  },
})

const never = new AbortController().signal

function createBench() {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  return { clock, store }
}

/** A step that ends when it is told to, or when it is aborted. */
function createGate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  const wait = (signal: AbortSignal) =>
    Promise.race([opened, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))])
  return { open, wait }
}

describe('the lease of the journal runner', () => {
  test('keeps an operation for as long as it runs, and frees it at once', async () => {
    const { clock, store } = createBench()
    const gate = createGate()
    const first = createJournalRunner({ store, clock, owner: 'first', leaseMs: 3_000 })
    const second = createJournalRunner({ store, clock, owner: 'second', leaseMs: 3_000 })
    const running = first.run('operation', (step) => step('slow', gate.wait), never)
    await clock.advance(60_000)
    await expect(second.run('operation', (step) => step('x', async () => 1), never)).rejects.toMatchObject({
      code: 'CORE_STEP_OPERATION_BUSY',
      details: { operationId: 'operation', holder: 'first' },
    })
    gate.open()
    await running
    expect(await second.run('operation', (step) => step('x', async () => 1), never)).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('passes to another runner after the lease of a dead one has ended', async () => {
    const { clock, store } = createBench()
    // A runner that dies leaves exactly this behind: its lease, and nobody to renew it.
    await store.set('journal/operation/lease', new TextEncoder().encode('dead 1'), { ttlMs: 3_000 })
    const runner = createJournalRunner({ store, clock, owner: 'living' })
    await expect(runner.run('operation', async () => 1, never)).rejects.toMatchObject({ details: { holder: 'dead' } })
    await clock.advance(3_000)
    expect(await runner.run('operation', async () => 1, never)).toBe(1)
  })

  test('passes at once to a successor of the same owner, and never to an anonymous one', async () => {
    const { clock, store } = createBench()
    const leave = (token: string) => store.set('journal/operation/lease', new TextEncoder().encode(token), { ttlMs: 3_000 })
    await leave('server 1')
    expect(await createJournalRunner({ store, clock, owner: 'server' }).run('operation', async () => 1, never)).toBe(1)
    await leave('another runner 1')
    const anonymous = createJournalRunner({ store, clock }).run('operation', async () => 1, never)
    await expect(anonymous).rejects.toMatchObject({ code: 'CORE_STEP_OPERATION_BUSY' })
  })

  test('stops a runner whose lease somebody else took', async () => {
    const { clock, store } = createBench()
    const gate = createGate()
    const runner = createJournalRunner({ store, clock, owner: 'slow', leaseMs: 3_000 })
    const ran: string[] = []
    const running = runner.run(
      'operation',
      async (step) => {
        await step('slow', gate.wait).catch(() => undefined)
        await step('next', async () => ran.push('next'))
      },
      never,
    )
    running.catch(() => undefined)
    await clock.advance(0)
    await store.set('journal/operation/lease', new TextEncoder().encode('thief 1'), { ttlMs: 60_000 })
    await clock.advance(3_000)
    await expect(running).rejects.toMatchObject({ code: 'CORE_STEP_LEASE_LOST', retryable: true })
    expect(ran).toEqual([])
    expect(new TextDecoder().decode(await store.get('journal/operation/lease'))).toMatch(/^thief/)
  })

  test('survives a store that fails now and then, and stops when it is gone for too long', async () => {
    const { clock, store } = createBench()
    let isBroken = false
    const flaky: Store = {
      ...proxied(store),
      compareAndSet: (...args) => (isBroken ? Promise.reject(new Error('gone')) : store.compareAndSet(...args)),
    }
    const gate = createGate()
    const runner = createJournalRunner({ store: flaky, clock, leaseMs: 3_000 })
    const running = runner.run('operation', (step) => step('slow', gate.wait), never)
    running.catch(() => undefined)
    await clock.advance(900)
    isBroken = true
    await clock.advance(200)
    isBroken = false
    await clock.advance(10_000)
    isBroken = true
    await clock.advance(3_000)
    await expect(running).rejects.toMatchObject({ code: 'CORE_STEP_LEASE_LOST' })
  })

  test('refuses a second finisher of one step', async () => {
    const { clock, store } = createBench()
    const runner = createJournalRunner({ store, clock })
    const key = 'journal/operation/step/x'
    const running = runner.run(
      'operation',
      (step) => step('x', () => store.set(key, new TextEncoder().encode('{"version":1,"value":1}'))),
      never,
    )
    await expect(running).rejects.toMatchObject({ code: 'CORE_STEP_LEASE_LOST' })
  })
})

function proxied(store: Store): Store {
  return {
    contract: 'store/1',
    get: (...args) => store.get(...args),
    set: (...args) => store.set(...args),
    compareAndSet: (...args) => store.compareAndSet(...args),
    delete: (...args) => store.delete(...args),
    list: (...args) => store.list(...args),
    reserve: (...args) => store.reserve(...args),
    settle: (...args) => store.settle(...args),
    renew: (ids, leaseMs) => store.renew(ids, leaseMs),
    subscribe: (...args) => store.subscribe(...args),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

describe('the journal', () => {
  test('is forgotten on demand, but not while the operation runs', async () => {
    const { clock, store } = createBench()
    const runner = createJournalRunner({ store, clock })
    let count = 0
    const operation = () => runner.run('operation', (step) => step('x', async () => (count += 1)), never)
    await operation()
    await operation()
    expect(count).toBe(1)
    await runner.forget('operation')
    await operation()
    expect(count).toBe(2)
    const keys: string[] = []
    for await (const key of store.list('')) keys.push(key)
    expect(keys).toEqual(['journal/operation/step/x'])
    await runner.run(
      'operation',
      () => expect(runner.forget('operation')).rejects.toMatchObject({ code: 'CORE_STEP_OPERATION_BUSY' }),
      never,
    )
  })

  test('says so when somebody damaged it', async () => {
    const { clock, store } = createBench()
    await store.set('journal/operation/step/x', new TextEncoder().encode('{"version":1'))
    const running = createJournalRunner({ store, clock }).run('operation', (step) => step('x', async () => 1), never)
    await expect(running).rejects.toMatchObject({ code: 'CORE_STEP_JOURNAL_DAMAGED', details: { step: 'x' } })
  })
})

describe('SIGKILL', () => {
  const script = fileURLToPath(new URL('./operation.child.ts', import.meta.url))
  const points = ['before', 'inside', 'after'].flatMap((where) => [1, 2, 3, 4].map((step) => `${where} ${String(step)}`))

  async function runChild(directory: string, dieAt: string): Promise<string | null> {
    const args = ['--conditions=bud-source', '--no-warnings', script, directory, dieAt]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    await once(child, 'exit')
    return child.signalCode ?? String(child.exitCode)
  }

  test.each(points)('%s: the operation resumes to the same end, and only the cut step runs twice', { timeout: 30_000 }, async (point) => {
    const directory = mkdtempSync(join(tmpdir(), 'bud-sigkill-'))
    try {
      expect(await runChild(directory, point)).toBe('SIGKILL')
      expect(existsSync(join(directory, 'result'))).toBe(false)
      expect(await runChild(directory, 'nowhere')).toBe('0')
      expect(JSON.parse(readFileSync(join(directory, 'result'), 'utf8'))).toEqual([10, 20, 30, 40])
      const [where = '', cut = ''] = point.split(' ')
      const effects = readFileSync(join(directory, 'effects'), 'utf8').trim().split('\n')
      // Before its effect a cut step leaves nothing behind; after its effect and before its journal it has to run again.
      const expected = ['1', '2', '3', '4'].flatMap((step) => (where === 'inside' && step === cut ? [step, step] : [step]))
      expect(effects).toEqual(expected)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
