/** The widgets inside somebody's page: they leave nothing behind, take over a server's markup, and touch no style of the host. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { renderToString } from 'react-dom/server'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildPage, findViolations, launch, open } from '../support/browser.ts'
import { FixedTree } from '../support/harness/tree.tsx'
import { startMockServer } from '../support/mock-server.ts'

vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bud-harness-'))
  await buildPage(new URL('../support/harness/', import.meta.url).pathname, folder, false)
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  const filled = page.replace('<div id="root"></div>', `<div id="root">${renderToString(<FixedTree />)}</div>`)
  expect(filled).not.toBe(page)
  await writeFile(join(folder, 'server-rendered.html'), filled)
  browser = await launch()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

test('unmounting leaves no timer, no listener, no connection and no request', async () => {
  await using server = await startMockServer({ staticFolder: folder, history: 20, tokenMs: 50 })
  const { page, complaints } = await open({ browser, url: server.url })
  await page.getByText('Live', { exact: true }).waitFor()
  await page.locator('.bud-plot-host[data-drawn=true]').nth(2).waitFor()
  await page.getByLabel('Message').fill('A long story')
  await page.keyboard.press('Enter')
  await page.locator('.bud-markdown').waitFor()
  expect(await page.evaluate(() => window.harness.timers())).toBeGreaterThan(0)
  const before = await page.evaluate(() => window.harness.listeners())
  expect(before).toBeGreaterThan(0)
  await page.evaluate(() => {
    window.harness.unmount()
  })
  await expect.poll(() => page.evaluate(() => window.harness.timers())).toBe(0)
  await expect.poll(server.liveCount).toBe(0)
  await expect.poll(server.openChats).toBe(0)
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  server.dropLive()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  expect(requests).toEqual([])
  expect(complaints).toEqual([])
})

test('mounting and unmounting again and again gathers no listeners on shared objects', async () => {
  await using server = await startMockServer({ staticFolder: folder })
  const { page } = await open({ browser, url: server.url })
  const counts: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await page.locator('.bud-plot-host[data-drawn=true]').nth(2).waitFor()
    const { during, after } = await page.evaluate(() => {
      const count = window.harness.listeners()
      window.harness.unmount()
      return { during: count, after: window.harness.listeners() }
    })
    expect(during).toBeGreaterThan(after)
    counts.push(after)
    await page.evaluate(() => {
      window.harness.mount()
    })
  }
  // uPlot and React keep a few for the whole page, once.
  expect(new Set(counts).size).toBe(1)
})

test("the browser takes over the server's markup without a word", async () => {
  await using server = await startMockServer({ staticFolder: folder })
  const { page, complaints } = await open({ browser, url: `${server.url}/server-rendered.html` })
  await page.locator('.bud-plot-host[data-drawn=true]').waitFor()
  // Server-rendered style attributes are what a strict policy refuses; the widgets write none.
  expect(complaints).toEqual([])
})

test('the style sheet changes no computed style of the host', async () => {
  await using server = await startMockServer({ staticFolder: folder })
  const { page } = await open({ browser, url: server.url })
  await page.getByText('Live', { exact: true }).waitFor()
  const changes = await page.evaluate(() => {
    const read = () =>
      [...document.querySelectorAll('html, body, main, .host-heading, .host, .host *')].map((element) => {
        const style = getComputedStyle(element)
        // The host grows with what is inside it; everything else is its own.
        return [...style]
          .filter((name) => !/(^|-)(height|width|size|origin)$/.test(name))
          .map((name) => `${element.tagName} ${name}: ${style.getPropertyValue(name)}`)
      })
    const before = read().flat()
    for (const sheet of document.styleSheets) sheet.disabled = true
    const without = new Set(read().flat())
    return { count: before.length, leaked: before.filter((line) => !without.has(line)) }
  })
  expect(changes.count).toBeGreaterThan(1_000)
  expect(changes.leaked).toEqual([])
})

test('right to left mirrors the layout and stays accessible', async () => {
  await using server = await startMockServer({ staticFolder: folder, history: 20 })
  const { page } = await open({ browser, url: `${server.url}/#rtl` })
  await page.locator('.bud-plot-host[data-drawn=true]').nth(2).waitFor()
  const first = await page.locator('.bud-tile').first().boundingBox()
  const second = await page.locator('.bud-tile').nth(1).boundingBox()
  expect(first?.x).toBeGreaterThan(second?.x ?? Number.POSITIVE_INFINITY)
  expect(await findViolations(page)).toEqual([])
})
