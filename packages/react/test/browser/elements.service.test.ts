/** The custom elements on a page without React, whose own style sheet does its worst: drawn in shadow roots, untouched, and gone without a trace. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bundleElements } from '../../bundle-elements.ts'
import { findViolations, launch, open } from '../support/browser.ts'
import { startMockServer } from '../support/mock-server.ts'

vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
let folder: string

const page = (styles: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Portal</title>
    <link rel="stylesheet" href="./${styles}" />
    <script type="module" src="./bud-elements.js"></script>
  </head>
  <body>
    <main><h1>Portal</h1><bud-tiles theme="light"></bud-tiles><bud-charts theme="light" time-zone="UTC"></bud-charts><bud-requests></bud-requests></main>
  </body>
</html>`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bud-elements-'))
  await bundleElements(folder)
  await writeFile(join(folder, 'plain.css'), '')
  await writeFile(join(folder, 'hostile.css'), 'div, p, span, button, table, td, svg { all: unset !important; color: red !important; }')
  await writeFile(join(folder, 'index.html'), page('plain.css'))
  await writeFile(join(folder, 'hostile.html'), page('hostile.css'))
  browser = await launch()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

test('are drawn in shadow roots, under any style sheet alike, accessible, and leave nothing behind', async () => {
  await using server = await startMockServer({ staticFolder: folder, history: 40 })
  const looks: string[][] = []
  for (const path of ['', 'hostile.html']) {
    const { page: portal, complaints } = await open({ browser, url: `${server.url}/${path}` })
    await portal.locator('bud-charts .bud-plot-host[data-drawn=true]').nth(2).waitFor()
    await portal.locator('bud-requests .bud-row').first().waitFor()
    looks.push(
      await portal.evaluate(() =>
        ['bud-tiles', 'bud-requests'].flatMap((name) =>
          [...(document.querySelector(name)?.shadowRoot?.querySelectorAll('.bud *') ?? [])].map((element) => {
            const { color, display, fontSize, fontWeight, paddingTop, borderTopWidth } = getComputedStyle(element)
            return [element.tagName, color, display, fontSize, fontWeight, paddingTop, borderTopWidth].join(' ')
          }),
        ),
      ),
    )
    expect(await findViolations(portal)).toEqual([])
    expect(complaints).toEqual([])
    await portal.evaluate(() => document.querySelector('main')?.replaceChildren())
    await expect.poll(server.liveCount).toBe(0)
    await portal.close()
  }
  expect(looks[0]?.length).toBeGreaterThan(200)
  expect(looks[1]).toEqual(looks[0])
})
