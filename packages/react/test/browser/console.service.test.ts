/** The console in real Chromium, against the mock of its server: usable, accessible, quiet. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildPage, findViolations, launch, open } from '../support/browser.ts'
import { startMockServer, type MockServerOptions } from '../support/mock-server.ts'
import { sampleFailover } from '../support/sample-data.ts'

const serverFolder = new URL('../../../../examples/reference-server/', import.meta.url).pathname
// A page of the development build takes a second or two to open on a small machine.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bud-console-'))
  await buildPage(join(serverFolder, 'web'), folder, join(serverFolder, 'vite.config.ts'))
  browser = await launch()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

const serve = (options: MockServerOptions = {}) => startMockServer({ staticFolder: folder, tokenMs: 2, ...options })

const ask = async (page: Page, text: string) => {
  await page.getByLabel('Message').fill(text)
  await page.keyboard.press('Enter')
}

describe('chat', () => {
  test('an answer streams in with its measures, and the request appears in the table and the numbers', async () => {
    await using server = await serve()
    const { page, complaints } = await open({ browser, url: server.url })
    await page.getByText('No requests yet').waitFor()
    await ask(page, 'Explain prefill and decode')
    await page.getByText(/^\d[\d,]* tokens$/).waitFor()
    expect(await page.locator('.bud-message-footer').textContent()).toMatch(/^[\d.]+m?s first token[\d.,]+ tok\/s\d+ tokens/)
    expect(await page.locator('.bud-markdown strong').first().textContent()).toBe('Prefill')
    expect(await page.locator('.bud-markdown a').getAttribute('href')).toBe('https://arxiv.org/abs/2309.06180')
    await page.locator('.bud-row', { hasText: '200' }).waitFor()
    await page.locator('.bud-tile', { hasText: 'Requests/s' }).getByText('1 in 5m').waitFor()
    expect(complaints).toEqual([])
  })

  test('stopping ends the request at the server and keeps the text', async () => {
    await using server = await serve({ tokenMs: 60 })
    const { page } = await open({ browser, url: server.url })
    await ask(page, 'A long story')
    await page.locator('.bud-markdown').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Stopped').waitFor()
    await expect.poll(server.openChats).toBe(0)
    expect(await page.locator('.bud-markdown').textContent()).toContain('Here')
  })

  test.each([
    ['refuse', 'No target of llama-3.1-8b is healthy'],
    ['mid-stream', 'The engine stopped answering.'],
    ['cut', 'The answer stopped before its end'],
  ] as const)('a failure (%s) is explained, and trying again works', async (kind, words) => {
    await using server = await serve()
    const { page } = await open({ browser, url: server.url })
    server.failNextChat(kind)
    await ask(page, 'Hello')
    await page.getByRole('alert').getByText(words).waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText(/^\d[\d,]* tokens$/).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('a conversation outlives a visit to another tab', async () => {
    await using server = await serve()
    const { page } = await open({ browser, url: server.url })
    await ask(page, 'Remember me')
    await page.getByRole('link', { name: 'Plan' }).click()
    await page.getByRole('heading', { name: 'Plan', exact: true }).waitFor()
    await page.goBack()
    await page.getByText('Remember me').waitFor()
  })
})

describe('live', () => {
  test('a request of another client shows up by itself, with its failover', async () => {
    await using server = await serve()
    const { page } = await open({ browser, url: server.url })
    await page.getByText('Live', { exact: true }).waitFor()
    server.emit({ ...sampleFailover(), timeUnixMs: Date.now() })
    await page.locator('.bud-failover').waitFor()
  })

  test('a lost connection is said, and comes back', async () => {
    await using server = await serve()
    const { page } = await open({ browser, url: server.url })
    await page.getByText('Live', { exact: true }).waitFor()
    server.dropLive()
    await page.getByText('Reconnecting').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(server.liveCount()).toBe(1)
  })

  test('the address names a request, and opens it', async () => {
    await using server = await serve({ history: 5 })
    const { page } = await open({ browser, url: `${server.url}/#/requests/req_00000003` })
    await page.locator('.bud-detail', { hasText: 'req_00000003' }).waitFor()
  })
})

describe('session', () => {
  test('a guarded server asks for a key, refuses a wrong one and opens for the right one', async () => {
    await using server = await serve({ apiKey: 'bud-right' })
    const { page } = await open({ browser, url: server.url })
    await page.getByLabel('API key').fill('bud-wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('not known').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.getByLabel('API key').fill('bud-right')
    await page.keyboard.press('Enter')
    await page.getByText('Ask the model something').waitFor()
    expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain('bud-right')
  })
})

describe('plan', () => {
  test('a model and its devices become ranked plans and their manifests', async () => {
    await using server = await serve()
    const { page, complaints } = await open({ browser, url: `${server.url}/#/plan` })
    await page.getByRole('button', { name: 'Find plans' }).click()
    await page.getByRole('article', { name: 'Plan 1: 2 × h100-sxm' }).waitFor()
    await page.getByRole('button', { name: 'Show Kubernetes manifests' }).first().click()
    await page.getByRole('button', { name: 'Deployment/llama-3-1-8b' }).click()
    expect(await page.getByRole('group', { name: 'YAML' }).textContent()).toMatch(/^apiVersion: apps\/v1\nkind: Deployment/)
    expect(complaints).toEqual([])
  })

  test('what cannot be sent is said beside the form', async () => {
    await using server = await serve()
    const { page } = await open({ browser, url: `${server.url}/#/plan` })
    await page.getByRole('button', { name: 'config.json' }).click()
    await page.getByRole('button', { name: 'Find plans' }).click()
    await page.getByRole('alert').getByText('not a JSON object').waitFor()
  })
})

describe('keyboard', () => {
  test('every point of a chart can be read, and the table holds the same numbers', async () => {
    await using server = await serve({ history: 300 })
    const { page } = await open({ browser, url: server.url })
    const chart = page.getByRole('slider', { name: 'Requests per second' })
    await page.locator('.bud-plot-host[data-drawn=true]').first().waitFor()
    await chart.focus()
    await page.keyboard.press('Home')
    const read = new Set([await chart.getAttribute('aria-valuetext')])
    const count = Number(await chart.getAttribute('aria-valuemax')) + 1
    for (let step = 1; step < count; step += 1) {
      await page.keyboard.press('ArrowRight')
      read.add(await chart.getAttribute('aria-valuetext'))
    }
    expect(count).toBeGreaterThan(50)
    // The window may move on by a bucket or two while it is read.
    expect(read.size).toBeGreaterThan(count - 5)
    await page.getByRole('button', { name: 'Show as table: Requests per second' }).press('Enter')
    const rows = page.getByRole('table', { name: 'Requests per second, as a table' }).getByRole('row')
    // As above: the window may have moved on since the points were counted.
    expect(Math.abs((await rows.count()) - (count + 1))).toBeLessThan(5)
  })

  test('a request opens and closes with Enter, and says its state', async () => {
    await using server = await serve({ history: 3 })
    const { page } = await open({ browser, url: server.url })
    const toggle = page.getByRole('button', { name: /Details of request/ }).first()
    await toggle.press('Enter')
    expect(await toggle.getAttribute('aria-expanded')).toBe('true')
    await page.getByText('Gateway overhead').waitFor()
    await toggle.press('Enter')
    expect(await page.getByText('Gateway overhead').count()).toBe(0)
  })

  test('the content is one step away, and the theme is chosen with arrow keys and kept', async () => {
    await using server = await serve()
    const { page } = await open({ browser, url: server.url })
    await page.getByText('Ask the model something').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content')
    await page.getByRole('radio', { name: 'System' }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.reload()
    await page.getByText('Ask the model something').waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(11, 12, 14)')
  })
})

describe.each(['light', 'dark'] as const)('axe in %s', (colorScheme) => {
  test('finds nothing on any page, in any state', async () => {
    await using server = await serve({ history: 120 })
    const { page } = await open({ browser, url: server.url, colorScheme })
    await ask(page, 'Explain')
    await page.getByText(/^\d[\d,]* tokens$/).waitFor()
    await page.locator('.bud-plot-host[data-drawn=true]').first().waitFor()
    await page
      .getByRole('button', { name: /Details of request/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Show as table: Time to first token' }).click()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Use the API' }).click()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Close' }).click()
    server.failNextChat('refuse')
    await ask(page, 'Fail')
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('link', { name: 'Requests' }).click()
    await page
      .getByRole('button', { name: /Details of request/ })
      .first()
      .click()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('link', { name: 'Plan' }).click()
    await page.getByRole('button', { name: 'Find plans' }).click()
    await page.getByRole('button', { name: 'Show Kubernetes manifests' }).first().click()
    await page.getByRole('group', { name: 'YAML' }).waitFor()
    await page.getByText('Engine arguments').first().click()
    expect(await findViolations(page)).toEqual([])
  })
})

test('on a phone nothing is wider than the screen', async () => {
  await using server = await serve({ history: 40 })
  const { page } = await open({ browser, url: server.url, width: 390 })
  await ask(page, 'Explain')
  await page.getByText(/^\d[\d,]* tokens$/).waitFor()
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(await overflow()).toBeLessThanOrEqual(0)
  await page.getByRole('link', { name: 'Requests' }).click()
  await page
    .getByRole('button', { name: /Details of request/ })
    .first()
    .click()
  expect(await overflow()).toBeLessThanOrEqual(0)
  await page.getByRole('link', { name: 'Plan' }).click()
  await page.getByRole('button', { name: 'Find plans' }).click()
  await page.getByRole('button', { name: 'Show Kubernetes manifests' }).first().click()
  await page.getByRole('group', { name: 'YAML' }).waitFor()
  expect(await overflow()).toBeLessThanOrEqual(0)
})
