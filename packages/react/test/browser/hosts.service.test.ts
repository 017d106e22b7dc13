/** Inside pages that do their worst: with the isolated style sheet, every widget keeps its looks under other people's rules. That the kit changes nothing of theirs is in embed.service.test.tsx. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isolateStyles } from '../../isolate-styles.ts'
import { buildPage, launch, open } from '../support/browser.ts'
import { startMockServer, type MockServer } from '../support/mock-server.ts'

vi.setConfig({ testTimeout: 90_000 })

const require = createRequire(import.meta.url)
const read = (path: string) => readFile(require.resolve(path), 'utf8')

/** Unlayered, as hosts write them; a layer of the kit loses to any of these where they aim at its elements. */
const hosts: Readonly<Record<string, () => Promise<string>>> = {
  'Bootstrap 5': () => read('bootstrap/dist/css/bootstrap.css'),
  'Ant Design': () => read('antd/dist/reset.css'),
  'Radix Themes': () => read('@radix-ui/themes/styles.css'),
  'Tailwind preflight': async () => `@layer base { ${await read('tailwindcss/preflight.css')} }`,
  normalize: () => read('normalize.css/normalize.css'),
  // What pages do that want every element bare.
  'a reset of everything': () => Promise.resolve('.story-frame *, .story-frame *::before, .story-frame *::after { all: unset; }'),
}

let browser: Browser
let folder: string
let server: MockServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bud-hosts-'))
  await buildPage(new URL('../support/gallery/', import.meta.url).pathname, folder, false)
  browser = await launch()
  server = await startMockServer({ staticFolder: folder })
}, 120_000)

afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Of every element of every widget, what decides how it looks; the size of text and boxes follows from these. */
const properties = [
  'display',
  'position',
  'color',
  'background-color',
  'font-family',
  'font-size',
  'font-weight',
  'line-height',
  'padding-top',
  'padding-left',
  'margin-top',
  'margin-left',
  'border-top-width',
  'border-top-style',
  'border-top-left-radius',
  'list-style-type',
  'text-decoration-line',
  'box-sizing',
  'cursor',
] as const

const readStyles = (page: Page) =>
  page.evaluate((names) => {
    const lines: string[] = []
    document.querySelectorAll('.story-frame .bud, .story-frame .bud *').forEach((element, index) => {
      if (element.closest('.u-wrap') !== null || element instanceof HTMLOptionElement) return
      const style = getComputedStyle(element)
      const name = `${String(index)} ${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`
      for (const property of names) lines.push(`${name} ${property}: ${style.getPropertyValue(property)}`)
    })
    return lines
  }, properties)

/** Replaces the page's sheets through its own model, which no policy forbids; `texts` in their order. */
const putSheets = (page: Page, texts: readonly string[]) =>
  page.evaluate((all) => {
    for (const each of document.styleSheets) each.disabled = true
    document.adoptedStyleSheets = all.map((text) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(text)
      return sheet
    })
  }, texts)

test('no widget looks different under any host', async () => {
  const { page } = await open({ browser, url: server.url })
  await page.locator('.bud-plot-host[data-drawn=true]').nth(5).waitFor()
  const own = await page.evaluate(() =>
    [...document.styleSheets].map((sheet) => [...sheet.cssRules].map(({ cssText }) => cssText).join('\n')),
  )
  // The same way in as for all others: copied sheets do not find the page's font, and text has another width.
  await putSheets(page, own)
  const layered = await readStyles(page)
  expect(layered.length).toBeGreaterThan(50_000)
  const isolated = isolateStyles(own.join('\n'))
  await putSheets(page, [isolated])
  const before = await readStyles(page)
  // Isolation alone changes nothing.
  expect(layered.filter((line, index) => before[index] !== line).slice(0, 20)).toEqual([])
  for (const [name, load] of Object.entries(hosts)) {
    await putSheets(page, [await load(), isolated])
    const after = await readStyles(page)
    expect(before.filter((line, index) => after[index] !== line).slice(0, 20), name).toEqual([])
  }
  await page.close()
})
