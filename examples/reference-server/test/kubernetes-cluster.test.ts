/** A cluster of the operator's beside the demo, one that does not answer included; and what is captured of requests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestEvent } from '@bud-foundry/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, failToStart, startServer, type RunningServer } from './server-process.ts'

/** Nothing listens there. */
const kubeconfig = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'lab',
  clusters: [{ name: 'lab', cluster: { server: 'http://127.0.0.1:1' } }],
  users: [{ name: 'me', user: { token: 'canary-token' } }],
  contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me' } }],
})

let folder = ''
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bud-kubernetes-'))
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig)
  server = await startServer({
    dataDirectory: join(folder, 'data'),
    env: { BUD_TWINS: '1', BUD_CAPTURE_SHARE: '1', BUD_KUBECONFIG: join(folder, 'kubeconfig'), BUD_KUBE_CONTEXT: 'lab' },
  })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

// Safe in a test: a wrong shape makes the assertions on it fail.
const ask = async <Body>(path: string, init: Parameters<RunningServer['call']>[1] = {}) =>
  (await (await server.call(path, init)).json()) as Body

test('stands beside the demo with the reason why it cannot be reached, for administrators alone', { timeout: 60_000 }, async () => {
  const list = (key?: string) => ask<{ data: { id: string; name: string; findings: { severity: string }[] }[] }>('/api/clusters', { key })
  expect((await list()).data).toMatchObject([{ id: 'kubernetes', name: 'lab', findings: [{ severity: 'blocker' }] }, { id: 'demo' }])
  const { key } = await ask<{ key: string }>('/api/keys', { body: { name: 'planner', scopes: ['plan'] } })
  expect((await list(key)).data).toMatchObject([{ id: 'demo' }])
  expect((await server.call('/api/clusters/kubernetes', { key })).status).toBe(403)
  expect((await server.call('/api/clusters/kubernetes/operations', { key, body: { changes: 'x' } })).status).toBe(403)
  expect((await server.call('/api/clusters/kubernetes/operations', { body: { changes: 'x' } })).status).toBe(404)
  expect(server.output()).not.toContain('canary-token')
})

test('a file or a share that makes no sense is refused at the start, with the fix', { timeout: 60_000 }, async () => {
  const missing = await failToStart({ dataDirectory: join(folder, 'x'), env: { BUD_KUBECONFIG: join(folder, 'none') } })
  expect(missing.output).toContain('SERVER_KUBECONFIG_UNREADABLE')
  const share = await failToStart({ dataDirectory: join(folder, 'y'), env: { BUD_CAPTURE_SHARE: '2' } })
  expect(share.output).toContain("BUD_CAPTURE_SHARE: '2' is not a share from 0 to 1")
})

test('the texts of a request are kept, and what a guardrail noted is told', { timeout: 60_000 }, async () => {
  const { data: models } = await ask<{ data: { id: string }[] }>('/v1/models')
  const content = 'Write to ada@example.com about caches.'
  await server.call('/v1/chat/completions', { body: { model: models[0]?.id, messages: [{ role: 'user', content }], max_tokens: 3 } })
  const event = await eventually(async () => {
    const { data } = await ask<{ data: RequestEvent[] }>('/api/metrics/requests')
    return data.find(({ status }) => status === 200)
  }, 'the request')
  expect(event.guardrails).toEqual(['email-addresses:annotate'])
  const payload = await eventually(async () => {
    const response = await server.call(`/api/metrics/requests/${event.id}/payload`)
    return response.ok ? await response.text() : undefined
  }, 'its texts')
  expect(payload).toContain('about caches')
})
