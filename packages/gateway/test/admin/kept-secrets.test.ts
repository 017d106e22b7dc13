/** A configuration as it was shown, sent back: its secrets stay what they are. */
import { createSecret, isSecret } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { keepSecrets } from '../../src/admin/kept-secrets.ts'

const reveal = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, each: unknown) => (isSecret(each) ? undefined : each)) ?? 'null')

const current = {
  models: {
    m: {
      targets: [
        { id: 'a', credential: createSecret('sk-a') },
        { id: 'b', credential: createSecret('sk-b') },
      ],
    },
  },
  plain: 'text',
}
const shown = () => JSON.parse(JSON.stringify(current)) as typeof current

const secretsOf = (config: unknown) => {
  const { models } = config as typeof current
  return models.m.targets.map(({ id, credential }) => [id, credential.reveal()])
}

it('keeps secrets that were shown, with their targets', () => {
  expect(secretsOf(keepSecrets(shown(), current))).toEqual([
    ['a', 'sk-a'],
    ['b', 'sk-b'],
  ])
  const turned = shown()
  turned.models.m.targets.reverse()
  expect(secretsOf(keepSecrets(turned, current))).toEqual([
    ['b', 'sk-b'],
    ['a', 'sk-a'],
  ])
  expect(reveal(keepSecrets(shown(), current))).toMatchObject({ plain: 'text' })
})

it('refuses the mark where nothing is kept, and never takes it for a secret', () => {
  const added = { ...shown(), plain: '[secret]' }
  expect(() => keepSecrets(added, current)).toThrow(/plain: '\[secret\]'/)
  const more = { models: { m: { targets: [{ id: 'c', credential: '[secret]' }] } } }
  expect(() => keepSecrets(more, current)).toThrow(/models\.m\.targets\.0\.credential/)
  expect(() => keepSecrets({ constructor: '[secret]' }, current)).toThrow(/constructor/)
})
