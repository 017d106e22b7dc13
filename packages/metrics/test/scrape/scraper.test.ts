/** Pages are fetched, and one target that fails harms no other. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecret, silentLogger } from '@bud-foundry/core'
import { createFakeClock, createMemorySink } from '@bud-foundry/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createScraper, type ScraperTarget } from '../../src/scrape/scraper.ts'

async function serve(): Promise<{ readonly url: string; readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    if (request.url?.startsWith('/engine') === true) response.end('vllm:num_requests_running{model_name="llama"} 3\n')
    else response.writeHead(503).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // Safe: a TCP server that listens has an address of this type.
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, seen }
}

test('what targets tell is written at every interval, and a failure is logged without what authorizes', async () => {
  const { url, seen } = await serve()
  const [clock, sink] = [createFakeClock({ startUnixMs: 1_790_000_000_000 }), createMemorySink()]
  const warnings: string[] = []
  const logger = {
    ...silentLogger,
    warn: (_: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void warnings.push(`${JSON.stringify(fields)} ${String(fields['error'])}`),
  }
  const common = { source: 'vllm', clusterName: 'home' } as const
  const targets: readonly ScraperTarget[] = [
    { ...common, url: `${url}/engine`, targetId: 'a', headers: { authorization: createSecret('Bearer hidden') } },
    { ...common, url: `${url.replace('//', '//user:hidden@')}/broken?token=hidden`, targetId: 'b' },
    { ...common, url: 'not an address', targetId: 'c' },
  ]
  await using scraper = createScraper({ targets, sink, clock, logger, intervalMs: 15_000 })
  expect(await scraper.scrape()).toBe(1)
  expect(seen.map(({ authorization }) => authorization).toSorted()).toEqual(['Basic dXNlcjpoaWRkZW4=', 'Bearer hidden'])
  expect(sink.events).toMatchObject([{ kind: 'engine-sample', targetId: 'a', runningRequests: 3, timeUnixMs: clock.nowMs() }])
  expect(warnings).toHaveLength(2)
  expect(warnings.join()).not.toContain('hidden')
  await clock.advance(15_000)
  await expect.poll(() => sink.events.length).toBe(2)
})
