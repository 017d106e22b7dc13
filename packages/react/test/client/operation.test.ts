/** Operations of the server's documents become requests. */
import { expect, test } from 'vitest'
import { toCall } from '../../src/client/operation.ts'

test('parameters of the path are encoded, and those of a query passed on', () => {
  const call = toCall({ address: 'GET /api/admin/keys/{id}', params: { id: 'a/b c' }, query: { by: 'day' } })
  expect(call).toEqual({ method: 'GET', path: '/api/admin/keys/a%2Fb%20c', query: { by: 'day' } })
})

test('a missing parameter is named instead of asking for another path', () => {
  expect(() => toCall({ address: 'DELETE /api/admin/keys/{id}' })).toThrow(/needs the parameter 'id'/)
  expect(() => toCall({ address: 'DELETE /api/admin/keys/{id}', params: { id: '' } })).toThrow(/needs the parameter 'id'/)
})

test('methods that change something always carry a body, and the others never', () => {
  expect(toCall({ address: 'POST /x' })).toMatchObject({ body: {} })
  expect(toCall({ address: 'PATCH /x', body: { name: 'n' } })).toMatchObject({ body: { name: 'n' } })
  expect(toCall({ address: 'GET /x', body: { name: 'n' } })).not.toHaveProperty('body')
})
