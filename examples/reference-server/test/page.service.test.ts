/// <reference lib="dom" />
/** The page in real Chromium against the real server: chat, watch the request, plan a deployment. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from './server-process.ts'

// As machines without a user namespace or a display need it; nothing is looked up outside.
const browserArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url))

const model = 'meta-llama/Llama-3.1-8B-Instruct'
let folder = ''
let server: RunningServer
let browser: Browser
const problems: string[] = []

beforeAll(async () => {
  const executablePath = process.env['BUD_TEST_CHROMIUM']
  if (executablePath === undefined) throw new Error('BUD_TEST_CHROMIUM is not set; run `npm run test:services`')
  mkdirSync(screenshots, { recursive: true })
  folder = mkdtempSync(join(tmpdir(), 'bud-page-'))
  server = await startServer({ dataDirectory: folder })
  browser = await chromium.launch({ executablePath, args: browserArgs })
}, 60_000)
afterAll(async () => {
  await browser.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme })
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  await page.goto(server.url)
  return page
}

test('someone who opens the printed address chats at once and sees the request arrive', { timeout: 60_000 }, async () => {
  // Some traffic from elsewhere, so that the charts have something to show.
  const elsewhere = (async () => {
    for (let sent = 0; sent < 24; sent += 1) {
      await (
        await server.call('/v1/chat/completions', {
          body: { model, messages: [{ role: 'user', content: 'hi' }], stream: true, max_tokens: 40 + 5 * (sent % 7) },
        })
      ).text()
    }
  })()
  const page = await open({ width: 1400, height: 950 })
  const composer = page.getByRole('textbox').first()
  await composer.fill('What is a KV cache?')
  await composer.press('Enter')
  await page.getByText('first token').first().waitFor({ timeout: 20_000 })
  await page
    .getByText(/twin-[12]/)
    .first()
    .waitFor({ timeout: 10_000 })
  await elsewhere
  await page.getByText('Nothing measured').waitFor({ state: 'detached', timeout: 10_000 })
  await page.screenshot({ path: join(screenshots, 'console-light.png') })
  expect(await page.content()).not.toContain(server.apiKey)
  expect(await page.evaluate(() => document.cookie)).toBe('')
  await page.close()
})

test('someone plans a deployment and reads its manifests', { timeout: 60_000 }, async () => {
  const page = await open({ width: 1400, height: 1100 }, 'dark')
  await page.getByRole('navigation').getByRole('link', { name: 'Plan' }).click()
  await page
    .getByRole('button', { name: /plan|optimi[sz]e|compare|find/i })
    .first()
    .click()
  await page
    .getByRole('button', { name: /manifest/i })
    .first()
    .click({ timeout: 20_000 })
  await page.getByText('kind: Deployment').first().waitFor({ timeout: 10_000 })
  await page.screenshot({ path: join(screenshots, 'plan-dark.png') })
  await page.close()
})

test('someone signs in to administer, makes a key that works, and revokes it for good', { timeout: 60_000 }, async () => {
  const page = await open({ width: 1400, height: 950 })
  await page.getByRole('link', { name: 'Keys' }).click()
  await page.getByLabel('API key').fill(server.apiKey)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Create key' }).click({ timeout: 10_000 })
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Create key')
  await page.keyboard.press('Enter')
  await page.getByLabel('Name', { exact: true }).fill('checkout')
  await page.getByLabel('Requests per minute').fill('60')
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  const key = (await page.getByRole('dialog').locator('code').textContent({ timeout: 10_000 })) ?? ''
  const chat = () =>
    server.call('/v1/chat/completions', { key, body: { model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 } })
  expect((await chat()).status).toBe(200)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  expect(await page.content()).not.toContain(key)
  await page.getByText('60 req / minute').waitFor()
  await page.screenshot({ path: join(screenshots, 'keys-light.png') })
  await page.getByRole('button', { name: 'Revoke: checkout' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect((await chat()).status).toBe(401)
  await page.close()
})

test('someone looks at what was measured, by keyboard, and the range is in the address', { timeout: 60_000 }, async () => {
  const page = await open({ width: 1400, height: 950 }, 'dark')
  await page.getByRole('textbox').first().waitFor({ timeout: 20_000 })
  const asked: string[] = []
  page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname))
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Command' }).fill('metrics')
  await page.keyboard.press('Enter')
  await page.getByRole('combobox', { name: 'Time range' }).selectOption('15m')
  expect(new URL(page.url()).hash).toBe('#/metrics?range=15m')
  const spread = page.getByRole('slider', { name: 'Time to first token, spread' })
  await spread.focus({ timeout: 20_000 })
  const before = await spread.getAttribute('aria-valuetext')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowLeft')
  expect(await spread.getAttribute('aria-valuetext')).not.toBe(before)
  await page.getByRole('rowheader', { name: model }).first().waitFor({ timeout: 20_000 })
  // Some thirty questions, asked for two ranges: nearly all of them travel together.
  expect(asked.filter((path) => path.endsWith('/ask-many')).length).toBeGreaterThan(0)
  expect(asked.filter((path) => path.endsWith('/ask')).length).toBeLessThan(10)
  await page.screenshot({ path: join(screenshots, 'metrics-dark.png'), fullPage: true })
  await page.close()
})

test('the page fits a phone', { timeout: 60_000 }, async () => {
  const page = await open({ width: 390, height: 844 })
  await page.getByRole('textbox').first().waitFor({ timeout: 10_000 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: join(screenshots, 'console-phone.png') })
  await page.close()
})

test('nothing is wrong in the console of the browser', () => {
  expect(problems).toEqual([])
})
