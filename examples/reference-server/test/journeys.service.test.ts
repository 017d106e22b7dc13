/// <reference lib="dom" />
/** Whole journeys through the console in real Chromium against the real server: from a plan to traffic on a cluster, and past a broken upstream. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from './server-process.ts'

const model = 'meta-llama/Llama-3.1-8B-Instruct'
/** Nothing listens on it: below the range that is handed out, and reserved. */
const deadAddress = 'http://127.0.0.1:1/v1'

let folder = ''
let server: RunningServer
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  const executablePath = process.env['BUD_TEST_CHROMIUM']
  if (executablePath === undefined) throw new Error('BUD_TEST_CHROMIUM is not set; run `npm run test:services`')
  folder = mkdtempSync(join(tmpdir(), 'bud-journeys-'))
  server = await startServer({ dataDirectory: folder })
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
  page = await browser.newPage({ viewport: { width: 1400, height: 950 }, reducedMotion: 'reduce' })
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
}, 60_000)
afterAll(async () => {
  await browser.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a first visit finds a tour, sends demo traffic, and is not asked again', { timeout: 60_000 }, async () => {
  await page.goto(server.url)
  await page.getByRole('button', { name: 'Send demo traffic' }).click({ timeout: 20_000 })
  await page.getByText('24 requests were sent and answered.').waitFor({ timeout: 30_000 })
  await page.getByRole('link', { name: 'Watch', exact: true }).click()
  await page.getByRole('heading', { name: 'Metrics' }).waitFor()
  await page.goBack()
  await page.getByRole('button', { name: 'Close the tour' }).click()
  await page.reload()
  await page.getByText('Ask the model something').waitFor()
  expect(await page.getByText('everything here is alive').count()).toBe(0)
})

test('a model is optimised, deployed to the demo cluster, and serves traffic that is seen', { timeout: 90_000 }, async () => {
  await page.goto(`${server.url}/#/plan`)
  await page.getByLabel('Model', { exact: true }).fill('Qwen/Qwen3-8B')
  await page.getByRole('button', { name: 'Find plans' }).click()
  await page.getByRole('button', { name: 'Show Kubernetes manifests' }).first().click({ timeout: 30_000 })
  const sliders = page.getByRole('region', { name: 'What if the load were different?' })
  const before = await sliders.locator('.bud-measure b').first().textContent()
  await sliders.getByRole('slider', { name: /Requests in flight/ }).press('End')
  await expect.poll(() => sliders.locator('.bud-measure b').first().textContent()).not.toBe(before)
  await page.getByRole('button', { name: 'Review the changes' }).click()
  await page
    .getByText(/^Deployment bud-inference\//)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await page.getByRole('status').filter({ hasText: 'Done' }).waitFor({ timeout: 30_000 })
  await page.getByRole('link', { name: 'Clusters' }).click()
  await page.getByRole('region', { name: 'Deployments' }).getByText('Serving').waitFor()
  await page.getByText('Simulated').first().waitFor()
  await page.getByRole('button', { name: 'Run a benchmark' }).click()
  await page.getByRole('region', { name: 'Benchmarks' }).getByRole('row').nth(1).waitFor({ timeout: 40_000 })
  await page.getByRole('button', { name: 'node-5' }).click()
  await page.getByRole('region', { name: 'Machine node-5' }).getByText('20 × HAMi').first().waitFor()
  const answer = await server.call('/v1/chat/completions', {
    body: { model: 'Qwen/Qwen3-8B', messages: [{ role: 'user', content: 'hi' }], max_tokens: 4 },
  })
  expect(answer.status).toBe(200)
  await page.getByRole('link', { name: 'Requests', exact: true }).click()
  await page.locator('.bud-row', { hasText: 'Qwen/Qwen3-8B' }).first().waitFor()
  await page.getByRole('link', { name: 'Gateway', exact: true }).click()
  await page.getByRole('article', { name: 'Qwen/Qwen3-8B' }).getByText('Healthy').first().waitFor()
})

test('a broken upstream is passed over, and the page shows how', { timeout: 60_000 }, async () => {
  const config = (await (await server.call('/api/admin/config')).json()) as {
    models: Record<string, { policy: string; targets: object[] }>
  }
  const routed = config.models[model]
  if (routed === undefined) throw new Error('the twin is not routed')
  const broken = { id: 'broken', provider: 'openai-compatible', model, baseUrl: deadAddress }
  const next = { ...config, models: { ...config.models, [model]: { ...routed, policy: 'priority', targets: [broken, ...routed.targets] } } }
  expect((await server.call('/api/admin/config', { method: 'PUT', body: next })).status).toBe(200)
  await page.goto(`${server.url}/#/`)
  await page.getByLabel('Model').first().selectOption(model)
  await page.getByRole('textbox', { name: 'Message' }).fill('Are you there?')
  await page.keyboard.press('Enter')
  const row = page.locator('.bud-row', { has: page.locator('.bud-failover') }).first()
  await row.waitFor({ timeout: 20_000 })
  await row.getByRole('button').click()
  await page.locator('.bud-attempt', { hasText: 'broken' }).first().waitFor()
  await page.getByRole('link', { name: 'Gateway', exact: true }).click()
  await page.getByRole('article', { name: model }).getByRole('rowheader', { name: 'broken' }).waitFor()
})

test('every page is accessible, and fits a phone', { timeout: 120_000 }, async () => {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  for (const name of ['Overview', 'Metrics', 'Requests', 'Gateway', 'Playground', 'Plan', 'Clusters', 'Keys']) {
    await page.goto(`${server.url}/#/${name.toLowerCase()}`)
    await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' })
    await page.evaluate(source)
    const violations = await page.evaluate(async () => {
      // Safe: the line above puts it there.
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
      return (await axe.run()).violations.map(({ id }) => id)
    })
    expect(violations, name).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(390)
    await page.setViewportSize({ width: 1400, height: 950 })
  }
})

test('nothing is wrong in the console of the browser', () => {
  expect(problems).toEqual([])
})
