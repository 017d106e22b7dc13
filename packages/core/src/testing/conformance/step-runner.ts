/** What every StepRunner must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { StepRunner } from '../../contracts/step-runner.ts'
import type { SuiteRunner } from './suite-runner.ts'

export interface StepRunnerUnderTest {
  readonly runner: StepRunner
  /** A runner that knows what the first one has finished, as after a restart. */
  restart(): Promise<StepRunner>
  close(): Promise<void>
}

export interface StepRunnerConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Promise<StepRunnerUnderTest>
}

type Body = (under: StepRunnerUnderTest) => Promise<void>
const never = new AbortController().signal

const cases: readonly (readonly [name: string, body: Body])[] = [
  [
    'runs steps in order, hands results on, and returns the result of the operation',
    async ({ runner }) => {
      const order: string[] = []
      const result = await runner.run(
        'operation',
        async (step) => {
          const first = await step('first', async () => {
            order.push('first')
            return { id: 7, list: [null, true, 'x'] }
          })
          const second = await step('second', async () => {
            order.push('second')
            return first.id + 1
          })
          return [first, second]
        },
        never,
      )
      assert.deepEqual(result, [{ id: 7, list: [null, true, 'x'] }, 8])
      assert.deepEqual(order, ['first', 'second'])
    },
  ],
  [
    'does not run finished steps again, and resumes at the one that failed',
    async ({ runner, restart }) => {
      const ran: string[] = []
      let isBroken = true
      const operation = (on: StepRunner) =>
        on.run(
          'operation',
          async (step) => {
            const id = await step('create', async () => {
              ran.push('create')
              return 'id-1'
            })
            await step('wait', async () => {
              ran.push('wait')
              if (isBroken) throw new Error('broken')
            })
            return step('read', async () => {
              ran.push('read')
              return `${id} is up`
            })
          },
          never,
        )
      await assert.rejects(operation(runner), /^Error: broken$/)
      await assert.rejects(operation(await restart()), /^Error: broken$/)
      isBroken = false
      assert.equal(await operation(await restart()), 'id-1 is up')
      assert.equal(await operation(await restart()), 'id-1 is up')
      assert.deepEqual(ran, ['create', 'wait', 'wait', 'wait', 'read'])
    },
  ],
  [
    'gives the first run the same result as every later one',
    async ({ runner, restart }) => {
      const operation = (on: StepRunner) =>
        on.run(
          'operation',
          async (step) => [
            await step('dates become text', async (): Promise<unknown> => ({ at: new Date(0), gone: undefined })),
            await step('nothing stays nothing', async () => undefined),
            await step('null stays null', async () => null),
          ],
          never,
        )
      const expected = [{ at: '1970-01-01T00:00:00.000Z' }, undefined, null]
      assert.deepEqual(await operation(runner), expected)
      assert.deepEqual(await operation(await restart()), expected)
    },
  ],
  [
    'keeps operations apart, whatever their names',
    async ({ runner }) => {
      const names = ['a', 'a/step', 'a/step/b', 'ä %2F', '..', 'a ']
      for (const name of names) {
        for (const step of ['b', 'step/b', 'x']) {
          const seen = await runner.run(`${name}|${step}`, (run) => run(step, async () => [name, step]), never)
          assert.deepEqual(seen, [name, step])
        }
      }
      assert.deepEqual(await runner.run('one', (step) => step('x', async () => 1), never), 1)
      assert.deepEqual(await runner.run('two', (step) => step('x', async () => 2), never), 2)
    },
  ],
  [
    'refuses a step name that repeats',
    async ({ runner }) => {
      const operation = runner.run(
        'operation',
        async (step) => {
          await step('same', async () => 1)
          return step('same', async () => 2)
        },
        never,
      )
      await assert.rejects(operation, { code: 'CORE_STEP_NAME_REPEATED', message: /'same'/ })
    },
  ],
  [
    'refuses a result that JSON cannot hold, and does not take the step for finished',
    async ({ runner }) => {
      const circular: Record<string, unknown> = {}
      circular['self'] = circular
      for (const bad of [1n, circular, () => 1, Symbol('x')] as unknown[]) {
        const operation = runner.run('operation', (step) => step('bad', async () => bad), never)
        await assert.rejects(operation, { code: 'CORE_STEP_RESULT_INVALID' })
      }
      assert.equal(await runner.run('operation', (step) => step('bad', async () => 'good'), never), 'good')
    },
  ],
  [
    'keeps two runs of one operation apart, and lets the next one in afterwards',
    async ({ runner }) => {
      let release: () => void = () => undefined
      const first = runner.run('operation', (step) => step('slow', () => new Promise<void>((resolve) => (release = resolve))), never)
      const second = runner.run('operation', (step) => step('other', async () => 1), never)
      await assert.rejects(second, { code: 'CORE_STEP_OPERATION_BUSY', retryable: true })
      const other = await runner.run('another', (step) => step('x', async () => 'free'), never)
      assert.equal(other, 'free')
      release()
      await first
      assert.equal(await runner.run('operation', (step) => step('other', async () => 1), never), 1)
    },
  ],
  [
    'stops between steps when aborted, and tells the running one',
    async ({ runner, restart }) => {
      const controller = new AbortController()
      const ran: string[] = []
      const operation = runner.run(
        'operation',
        async (step) => {
          await step('first', async (signal) => {
            ran.push('first')
            controller.abort(new Error('enough'))
            assert.equal(signal.aborted, true)
          })
          await step('second', async () => ran.push('second'))
        },
        controller.signal,
      )
      await assert.rejects(operation, { code: 'CORE_ABORTED' })
      await assert.rejects(
        runner.run('unstarted', async () => ran.push('unstarted'), controller.signal),
        { code: 'CORE_ABORTED' },
      )
      assert.deepEqual(ran, ['first'])
      const next = await restart()
      await next.run('operation', async (step) => step('first', async () => ran.push('again')), never)
      assert.deepEqual(ran, ['first'])
    },
  ],
]

/** Registers the suite with the test runner that is passed in: `stepRunnerConformance({ describe, test, name, create })`. */
export function stepRunnerConformance({ describe, test, name, create }: StepRunnerConformanceOptions): void {
  describe(`${name} conforms to step-runner/1`, () => {
    for (const [title, body] of cases) {
      test(title, async () => {
        const under = await create()
        try {
          await body(under)
        } finally {
          await under.close()
        }
      })
    }
  })
}
