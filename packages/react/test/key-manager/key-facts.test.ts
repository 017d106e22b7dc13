/** Keys in words, and the form's fields as what the server takes. */
import { expect, test } from 'vitest'
import { createFormat } from '../../src/format/format.ts'
import { defaultStrings } from '../../src/format/strings.ts'
import { emptyDraft, toKeyStatus, toLimitText, toNewKey } from '../../src/key-manager/key-facts.ts'

const record = { id: 'k', prefix: 'bud_abc', name: 'n', projectId: 'default', scopes: ['inference'], createdUnixMs: 0, tags: {} }

test('an empty form asks for a name and nothing else', () => {
  expect(toNewKey({ ...emptyDraft, name: ' checkout ' }, 0)).toEqual({ name: 'checkout', scopes: ['inference'] })
})

test('limits, models and the end of a key are as they were typed', () => {
  const draft = { ...emptyDraft, name: 'n', models: 'a, b*,', requestsPerMinute: '60', usdPerMonth: '2.5', expiresDays: '1' }
  expect(toNewKey(draft, 1_000)).toMatchObject({
    models: ['a', 'b*'],
    expiresUnixMs: 86_401_000,
    limits: [
      { kind: 'requests', limit: 60, window: 'minute' },
      { kind: 'spend', limitUsd: 2.5, window: { calendar: 'month' } },
    ],
  })
})

test('a revoked key stays revoked though it has also expired', () => {
  expect(toKeyStatus(record, 5)).toBe('active')
  expect(toKeyStatus({ ...record, expiresUnixMs: 5 }, 5)).toBe('expired')
  expect(toKeyStatus({ ...record, expiresUnixMs: 5, revokedUnixMs: 4 }, 5)).toBe('revoked')
})

test('every kind of limit has words', () => {
  const text = (limit: Parameters<typeof toLimitText>[0]) => toLimitText(limit, defaultStrings, createFormat())
  expect(text({ kind: 'requests', limit: 60, window: 'minute' })).toBe('60 req / minute')
  expect(text({ kind: 'tokens', limit: 50_000, window: { seconds: 90 } })).toBe('50K tok / 90 s')
  expect(text({ kind: 'concurrency', limit: 4 })).toBe('4 at once')
  expect(text({ kind: 'spend', limitUsd: 25, window: { calendar: 'month', timeZone: 'UTC' } })).toBe('$25.00 / month')
})
