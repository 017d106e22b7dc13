/// <reference lib="dom" />
/** The browser build in real Chromium: it loads without a bundler, and plans exactly what Node plans. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { build } from 'tsup'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { browserBuild } from '../../browser-build.ts'
import { optimize } from '../../src/optimize/optimizer.ts'

const html = '<!doctype html><script type="module">import { optimize } from "/index.js"; window.optimize = optimize</script>'
const browserArgs = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update']
const request = { model: 'Qwen/Qwen3-8B', devices: [{ hardwareId: 'h100-sxm', count: 2, usdPerHour: 2.99 }], engines: ['vllm'] }

let folder = ''
let server: Server
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bud-sim-browser-'))
  await build({
    ...browserBuild,
    config: false,
    silent: true,
    outDir: folder,
    esbuildOptions: (options) => {
      options.conditions = ['bud-source']
    },
  })
  server = createServer((incoming, response) => {
    const name = path.basename(incoming.url ?? '')
    if (name === '') response.setHeader('content-type', 'text/html').end(html)
    else
      readFile(path.join(folder, name)).then(
        (bytes) => response.setHeader('content-type', 'text/javascript').end(bytes),
        () => response.writeHead(404).end(),
      )
  }).listen(0, '127.0.0.1')
  browser = await chromium.launch({ executablePath: process.env['BUD_TEST_CHROMIUM'] ?? '/usr/bin/chromium', args: browserArgs })
}, 120_000)
afterAll(async () => {
  await browser.close()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

it('imports nothing of Node', async () => {
  for (const name of await readdir(folder)) {
    const text = await readFile(path.join(folder, name), 'utf8')
    expect(text.match(/(?:from|import)\s*\(?["'](?!\.\/)[^"']*["']/g) ?? []).toEqual([])
    expect(text).not.toContain('node:')
  }
})

it('plans in Chromium what it plans in Node, and lets the page breathe', { timeout: 60_000 }, async () => {
  const page = await browser.newPage()
  // A server that listens on a port has an AddressInfo.
  await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`)
  const { result, frames } = await page.evaluate(async (asked) => {
    let running = true
    let seen = 0
    const beat = () => {
      seen += 1
      if (running) setTimeout(beat, 0)
    }
    beat()
    // The page's script has put it there.
    const answer = await (window as unknown as { optimize: typeof optimize }).optimize(asked)
    running = false
    return { result: answer, frames: seen }
  }, request)
  const expected = await optimize(request)
  expect([result.summary, result.examined, result.rejected]).toEqual([expected.summary, expected.examined, expected.rejected])
  expect(result.plans.map(({ name, launch }) => ({ name, launch }))).toEqual(expected.plans.map(({ name, launch }) => ({ name, launch })))
  // Chromium's logarithms and powers may differ from Node's in the last digit.
  for (const [index, plan] of expected.plans.entries())
    expect(result.plans[index]?.predicted.timeToFirstTokenMs.mid).toBeCloseTo(plan.predicted.timeToFirstTokenMs.mid, 9)
  expect(frames).toBeGreaterThan(3)
})
