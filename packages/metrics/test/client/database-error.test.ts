/** Which failures are worth a retry is read from codes, never from texts. */
import { metricsErrors } from '../../src/errors.ts'
import { toDatabaseError } from '../../src/client/database-error.ts'
import { expect, test } from 'vitest'

const errorWith = (fields: object) => Object.assign(new Error('Code: 60. some text\nand a stack'), fields)

test.each([{ code: '241' }, { code: '252' }, { code: 'ECONNREFUSED' }, {}, { code: 'CHDB_QUERY', clickhouseCode: 243 }])(
  '%o may pass',
  (fields) => {
    expect(metricsErrors.DATABASE_UNAVAILABLE.is(toDatabaseError('testing', errorWith(fields)))).toBe(true)
  },
)

test.each([{ code: '60' }, { code: 'CHDB_QUERY', clickhouseCode: 27 }, { code: 'CHDB_BIND' }])('%o will not pass', (fields) => {
  const error = toDatabaseError('testing', errorWith(fields))
  expect(metricsErrors.DATABASE_REFUSED.is(error)).toBe(true)
  expect(error.message).not.toContain('stack')
})

test('an error of ours passes through unchanged', () => {
  const ours = metricsErrors.QUEUE_FULL({ limit: 1 })
  expect(toDatabaseError('testing', ours)).toBe(ours)
})
