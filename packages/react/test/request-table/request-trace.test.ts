/** What belongs to a request beside its event: its trace on a time line, its texts. */
import { expect, test } from 'vitest'
import { createBudClient } from '../../src/client/client.ts'
import { readRequest, readTexts, readTrace } from '../../src/client/request-record.ts'
import { toReadable } from '../../src/request-table/request-texts.tsx'
import { toSteps } from '../../src/request-table/request-trace.tsx'
import { createFakeFetch, json } from '../support/fake-fetch.ts'
import { nowUnixMs, sampleRequest } from '../support/sample-data.ts'

const span = (spanId: string, parentSpanId: string, afterMs: number, durationMs: number) => ({
  spanId,
  parentSpanId,
  name: spanId,
  service: 'shop',
  timeUnixMs: nowUnixMs + afterMs,
  durationMs,
  isError: false,
})

test('steps stand in time order, each as deep as the spans that it lies in; a circle among them ends', () => {
  const spans = [
    span('root', '', 0, 100),
    span('call', 'root', 10, 50),
    span('inner', 'call', 12, 5),
    span('a', 'b', 70, 1),
    span('b', 'a', 71, 1),
  ]
  const steps = toSteps({ spans, requests: [sampleRequest({ timeUnixMs: nowUnixMs + 20, durationMs: 40 })] })
  expect(steps.map(({ id, depth, startMs }) => [id, depth, startMs])).toEqual([
    ['root', 0, 0],
    ['call', 1, 10],
    ['inner', 2, 12],
    ['req_0001', 1, 20],
    ['a', 2, 70],
    ['b', 2, 71],
  ])
  expect(steps[0]?.totalMs).toBe(100)
  expect(toSteps({ spans: [], requests: [] })).toEqual([])
})

test('texts, trace and the request itself are read, and what is not there is no failure', async () => {
  const missing = () => json({ error: { message: 'unknown' } }, 404)
  const { fetch, calls } = createFakeFetch(({ url }) => {
    if (url.endsWith('/payload'))
      return url.includes('with') ? json({ request: { text: '{}', truncated: true, bytes: 9 }, response: { bytes: 0 } }) : missing()
    if (url.endsWith('/spans')) return json({ data: [{ spanId: 's', name: 'n', timeUnixMs: 1, durationMs: 2, status: 'error' }] })
    if (url.includes('/traces/')) return json({ data: [sampleRequest()] })
    return url.endsWith('/gone') ? missing() : json(sampleRequest())
  })
  const client = createBudClient({ fetch })
  expect(await readTexts(client, 'with')).toEqual({
    request: { text: '{}', isTruncated: true, bytes: 9 },
    response: { text: undefined, isTruncated: false, bytes: 0 },
  })
  expect(await readTexts(client, 'none')).toBeUndefined()
  expect(await readRequest(client, 'gone')).toBeUndefined()
  expect((await readRequest(client, 'a/b'))?.id).toBe('req_0001')
  expect(calls.at(-1)?.url).toBe('/api/metrics/requests/a%2Fb')
  expect(await readTrace(client, 't')).toMatchObject({ requests: [{ id: 'req_0001' }], spans: [{ isError: true, parentSpanId: '' }] })
})

test('JSON is shown on several lines, anything else as it is', () => {
  expect(toReadable('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(toReadable('data: {"cut')).toBe('data: {"cut')
})
