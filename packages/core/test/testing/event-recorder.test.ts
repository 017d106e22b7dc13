import { describe, expect, test } from 'vitest'
import { createEventRecorder, createMemoryStepRunner } from '@bud-foundry/core/testing'

const never = new AbortController().signal
const event = (id: string, kind = 'request') => ({ id, kind, timeUnixMs: 0 })

describe('createEventRecorder', () => {
  test('keeps each event once, in order, and counts them', async () => {
    const recorder = createEventRecorder()
    await recorder.write([event('a'), event('b', 'device-sample')], never)
    await recorder.write([event('a'), event('c')], never)
    expect(recorder.events.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(recorder.ofKind('request').map(({ id }) => id)).toEqual(['a', 'c'])
    expect(recorder.receipt()).toEqual({ produced: 3, stored: 3, pending: 0, dropped: 0 })
  })

  test('waits for an event that came or is to come, and no longer than the signal allows', async () => {
    const recorder = createEventRecorder()
    await recorder.write([event('a')], never)
    expect(await recorder.waitFor(({ id }) => id === 'a', never)).toEqual(event('a'))
    const coming = recorder.waitFor(({ id }) => id === 'b', never)
    await recorder.write([event('b')], never)
    expect(await coming).toEqual(event('b'))
    const controller = new AbortController()
    const waiting = recorder.waitFor(() => false, controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await expect(recorder.waitFor(() => false, controller.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED' })
  })
})

describe('createMemoryStepRunner', () => {
  test('runs each step of an operation once, and again only what had failed', async () => {
    const runner = createMemoryStepRunner()
    const ran: string[] = []
    let broken = true
    const operation = () =>
      runner.run(
        'operation',
        async (step) => {
          const one = await step('one', async () => {
            ran.push('one')
            return { value: 1 }
          })
          const two = await step('two', async () => {
            ran.push('two')
            if (broken) throw new Error('crash')
          })
          return [one.value, two]
        },
        never,
      )
    await expect(operation()).rejects.toThrow('crash')
    broken = false
    expect(await operation()).toEqual([1, undefined])
    expect(await operation()).toEqual([1, undefined])
    expect(ran).toEqual(['one', 'two', 'two'])
    await expect(runner.run('other', (step) => step('one', async () => 1), AbortSignal.abort())).rejects.toMatchObject({
      code: 'CORE_ABORTED',
    })
  })
})
