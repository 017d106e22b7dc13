/** A new budget never takes the place of another one. */
import { expect, test } from 'vitest'
import { toPut } from '../../src/budget-list/budget-list.tsx'

const draft = { name: 'Web team', subject: 'project', subjectId: ' web ', limitUsd: '12.5', stop: true } as const
const idOf = (name: string, taken: readonly string[] = []) => toPut({ ...draft, name }, new Set(taken)).params.id

test('a budget is put under its name, with what was typed', () => {
  expect(toPut(draft)).toEqual({
    params: { id: 'web-team' },
    body: { name: 'Web team', subject: { kind: 'project', id: 'web' }, limitUsd: 12.5, stop: true },
  })
})

test('a name that is taken, or has no letters of an id, gets an id of its own', () => {
  expect(idOf('Web  Team', ['web-team', 'web-team-2'])).toBe('web-team-3')
  expect([idOf('予算'), idOf('預算', ['budget'])]).toEqual(['budget', 'budget-2'])
  expect(idOf('x'.repeat(200), ['x'.repeat(50)]).length).toBeLessThanOrEqual(57)
})
