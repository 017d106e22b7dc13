/** Questions go out as they were typed, and answers come back checked. */
import { QueryClient } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { createAdminClient } from '../../src/client/admin-client.ts'
import { createBudClient } from '../../src/client/client.ts'
import { budSwr } from '../../src/entry/swr.ts'
import { budQueries } from '../../src/entry/tanstack-query.ts'
import { createFakeFetch, json, pending } from '../support/fake-fetch.ts'
import { sampleAnswer } from '../support/sample-answer.ts'

test('a question is posted, and its answer read with absent parts empty', async () => {
  const { fetch, calls } = createFakeFetch(() => json(sampleAnswer()))
  const answer = await createBudClient({ fetch }).ask({ measure: 'requests', window: { last: '1h' }, groupBy: ['model'] })
  expect(calls.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/api/metrics/ask', { measure: 'requests', window: { last: '1h' }, groupBy: ['model'] }],
  ])
  expect(answer.rows[0]).toMatchObject({ group: { model: 'llama' }, values: { requests: 4 }, previous: {}, isOther: false })
})

test('an answer of another shape is refused by the name of the field', async () => {
  const rows = [{ timeUnixMs: 0, endUnixMs: 1, group: {}, values: { requests: 'many' } }]
  const { fetch } = createFakeFetch(() => json({ ...sampleAnswer(), rows }))
  const asked = createBudClient({ fetch }).ask({ measure: 'requests', window: { last: '1h' } })
  await expect(asked).rejects.toMatchObject({
    code: 'REACT_RESPONSE_INVALID',
    message: expect.stringContaining('answer.rows[0].values.requests'),
  })
})

test('administration finds its address by the name of the operation', async () => {
  const { fetch, calls } = createFakeFetch(() => json({ id: 'k1', deleted: true }))
  await createAdminClient(createBudClient({ fetch })).call('deleteKey', { params: { id: 'k 1' } })
  expect(calls.map(({ method, url }) => [method, url])).toEqual([['DELETE', '/api/admin/keys/k%201']])
})

test('TanStack Query loads through the client, and leaving ends the request', async () => {
  const { fetch, calls } = createFakeFetch((_, index) => (index === 0 ? json(sampleAnswer()) : pending()))
  const queries = budQueries(createBudClient({ fetch }))
  const cache = new QueryClient()
  const answer = await cache.query(queries.ask({ measure: 'requests', window: { last: '1h' } }))
  expect(answer.rows).toHaveLength(2)
  const other = queries.ask({ measure: 'errors', window: { last: '1h' } })
  const loading = cache.query(other).catch(() => undefined)
  await expect.poll(() => calls.length).toBe(2)
  await cache.cancelQueries({ queryKey: other.queryKey })
  expect(calls[1]?.isAborted()).toBe(true)
  await loading
  cache.clear()
})

test('TanStack Query pages through requests until there is no cursor', async () => {
  const { fetch, calls } = createFakeFetch((_, index) => json({ data: [], ...(index === 0 ? { nextCursor: 'c2' } : {}) }))
  const pages = budQueries(createBudClient({ fetch })).requests({ limit: 2 })
  const cache = new QueryClient()
  const { pages: read } = await cache.infiniteQuery({ ...pages, pages: 5 })
  expect(read).toHaveLength(2)
  expect(calls.map(({ url }) => url)).toEqual(['/api/metrics/requests?limit=2', '/api/metrics/requests?limit=2&cursor=c2'])
  cache.clear()
})

test('keys of SWR hold the question, and its pages end behind the last cursor', async () => {
  const { fetch } = createFakeFetch(() => json({ data: [] }))
  const swr = budSwr(createBudClient({ fetch }))
  const question = { measure: 'requests', window: { last: '1h' } } as const
  expect(swr.ask(question)[0]).toEqual(['bud', 'ask', question])
  const [key, fetcher] = swr.requests({ limit: 2 })
  const first = key(0, null)
  if (first === null) throw new Error('There is always a first page.')
  expect(key(1, await fetcher(first))).toBeNull()
  expect(key(1, { data: [], nextCursor: 'c2' })).toEqual(['bud', 'requests', { limit: 2, cursor: 'c2' }])
})
