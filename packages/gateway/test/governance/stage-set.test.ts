/** Built-in stages live exactly as long as a call may use them. */
import { expect, it } from 'vitest'
import { StageKeeper, type OwnedStage } from '../../src/governance/stage-set.ts'

function closable(id: string): { readonly stage: OwnedStage; readonly isClosed: () => boolean } {
  let closed = false
  const stage: OwnedStage = {
    id,
    [Symbol.asyncDispose]: async () => {
      closed = true
    },
  }
  return { stage, isClosed: () => closed }
}

it('closes a stage that was replaced when the last call that may use it is over', () => {
  const [a, b] = [closable('a'), closable('b')]
  const keeper = new StageKeeper(() => undefined)
  const first = keeper.swap([a.stage, b.stage], [])
  first?.enter()
  const second = keeper.swap([b.stage], [])
  second?.enter()
  keeper.swap([], [])
  expect([a.isClosed(), b.isClosed()]).toEqual([false, false])
  second?.leave()
  expect([a.isClosed(), b.isClosed()]).toEqual([false, false])
  first?.leave()
  expect([a.isClosed(), b.isClosed()]).toEqual([true, true])
})

it('closes what is in force when it is closed, and tells of a stage that does not close', async () => {
  const failures: unknown[] = []
  const a = closable('a')
  const broken: OwnedStage = { id: 'broken', [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')) }
  const keeper = new StageKeeper((error) => failures.push(error))
  keeper.swap([a.stage, broken], [])
  await keeper[Symbol.asyncDispose]()
  await keeper[Symbol.asyncDispose]()
  expect(a.isClosed()).toBe(true)
  expect(failures).toHaveLength(1)
})

it('is nothing at all without a stage', () => {
  expect(new StageKeeper(() => undefined).swap([], [])).toBeUndefined()
})
