/** Every widget in every state: Storybook builds, pictures are as committed, axe finds nothing, a server's markup is taken over, StrictMode is silent. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildPage, findViolations, launch, open, type OpenPage } from '../support/browser.ts'
import type { VariantName } from '../../stories/support/frame.tsx'
import { Gallery, sections } from '../support/gallery/gallery.tsx'
import { startMockServer, type MockServer } from '../support/mock-server.ts'
import { compareSnapshot } from '../support/snapshot.ts'

vi.setConfig({ testTimeout: 60_000 })

const packageFolder = new URL('../../', import.meta.url).pathname
const snapshots = new URL('./snapshots/', import.meta.url).pathname
const run = promisify(execFile)

let browser: Browser
let folder: string
let server: MockServer
let gallery: OpenPage
let canvas: Page

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bud-gallery-'))
  await buildPage(new URL('../support/gallery/', import.meta.url).pathname, folder, false)
  const index = join(folder, 'index.html')
  const html = renderToString(
    <StrictMode>
      <Gallery variant="light" />
    </StrictMode>,
  )
  await writeFile(index, (await readFile(index, 'utf8')).replace('<div id="gallery"></div>', `<div id="gallery">${html}</div>`))
  browser = await launch()
  server = await startMockServer({ staticFolder: folder })
  gallery = await open({ browser, url: server.url })
  canvas = await browser.newPage()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('Storybook builds, with every story that is shown here', async () => {
  const cli = join(dirname(createRequire(import.meta.url).resolve('storybook/package.json')), 'dist/bin/dispatcher.js')
  const built = join(folder, 'storybook')
  await run(process.execPath, [cli, 'build', '-o', built, '--quiet', '--disable-telemetry'], { cwd: packageFolder })
  const { entries } = JSON.parse(await readFile(join(built, 'index.json'), 'utf8')) as { entries: Record<string, unknown> }
  expect(Object.keys(entries)).toHaveLength(sections.reduce((sum, { stories }) => sum + stories.length, 0))
})

/** The same widget stands here many times, each with the headings of a page of its own. */
const ofGallery = ['landmark-unique', 'heading-order', 'page-has-heading-one']

const show = async (variant: VariantName) => {
  await gallery.page.evaluate((name) => {
    window.show(name)
  }, variant)
  await settle(gallery.page)
}

test.each(['light', 'dark', 'rtl', 'narrow'] as const)('in %s, every story looks as committed', async (variant) => {
  await show(variant)
  const wrong: (string | undefined)[] = []
  for (const { id } of sections) {
    const picture = await gallery.page.locator(`[data-section="${id}"]`).screenshot()
    wrong.push(await compareSnapshot(canvas, picture, join(snapshots, variant, `${id}.webp`)))
  }
  expect(wrong.filter((each) => each !== undefined)).toEqual([])
})

// Direction and width change no colour and no name; these three do.
test.each(['light', 'dark', 'contrast'] as const)('in %s, axe finds nothing in any state', async (variant) => {
  await show(variant)
  expect(await gallery.page.locator('.gallery-story').count()).toBeGreaterThan(50)
  expect(await findViolations(gallery.page, ofGallery)).toEqual([])
})

test('a chart is zoomed by keyboard and by dragging, moves its neighbour, and is saved as a file', async () => {
  await show('light')
  const { page } = gallery
  const story = page.locator('[data-story="time-series/AnnotatedAndSynced"]')
  const chart = story.getByRole('slider', { name: 'First token' })
  const words = async () => (await story.getByText('First token from').textContent()) ?? ''
  expect(await words()).toContain('60 points')
  expect(await words()).toContain('Upstream twin-a down at 03:36:00 until 03:43:00.')
  await chart.focus()
  await page.keyboard.press('ArrowLeft')
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^03:59:00: p50/)
  await story.locator('figure').nth(1).getByText('03:59:00').waitFor()
  for (let step = 0; step < 9; step += 1) await page.keyboard.press('Shift+ArrowLeft')
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^Marked 03:50:00 to 03:59:00/)
  await page.keyboard.press('Enter')
  expect(await words()).toContain('03:50:00 to 03:59:00, 10 points')
  await page.keyboard.press('+')
  expect(await words()).toContain('5 points')
  await page.keyboard.press('Escape')
  expect(await words()).toContain('60 points')
  const box = await chart.locator('.u-over').boundingBox()
  if (box === null) throw new Error('the chart is not drawn')
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 })
  await page.mouse.up()
  await story.getByRole('button', { name: 'Reset zoom' }).first().click()
  expect(await words()).toContain('60 points')
  await story.getByLabel('Export First token').click()
  const [file] = await Promise.all([page.waitForEvent('download'), story.getByRole('button', { name: 'PNG' }).click()])
  expect(file.suggestedFilename()).toBe('first-token.png')
})

test('a picture is saved with the colours that it has on the page', async () => {
  await show('dark')
  const { page } = gallery
  const story = page.locator('[data-story="heatmap/Data"]')
  const save = async (kind: string) => {
    await story.getByLabel(/^Export /).click()
    const [file] = await Promise.all([page.waitForEvent('download'), story.getByRole('button', { name: kind }).click()])
    return readFile(await file.path())
  }
  const svg = (await save('SVG')).toString()
  expect(svg).toContain('Time to first token, spread')
  expect(svg.match(/<rect [^>]*fill="rgb\(/g)?.length).toBeGreaterThan(100)
  expect(svg).not.toContain('class=')
  expect((await save('PNG')).subarray(1, 4).toString()).toBe('PNG')
  expect((await save('CSV')).toString().split('\r\n')).toHaveLength(61)
})

test('neither hydration nor StrictMode nor any story has complained', () => {
  expect(gallery.complaints.filter((line) => !line.includes('favicon'))).toEqual([])
})

/** Until nothing is drawn or loaded any more: the same markup for some frames. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready
    let [same, last] = [0, '']
    while (same < 12) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const now = document.body.innerHTML
      same = now === last ? same + 1 : 0
      last = now
    }
  })
}
