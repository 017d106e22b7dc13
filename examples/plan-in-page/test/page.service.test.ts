/// <reference lib="dom" />
/** The page in real Chromium: a click plans, and a mistake is explained. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { expect, it } from 'vitest'
import { buildPage } from './build-page.ts'

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update']

it('plans when the button is pressed, and explains what it cannot do', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plan-in-page-'))
  await buildPage(folder)
  const server = createServer((request, response) => {
    const name = request.url === '/' ? '/index.html' : path.normalize(request.url ?? '')
    response.setHeader('content-type', types[path.extname(name)] ?? 'text/plain').end(readFileSync(path.join(folder, name)))
  }).listen(0, '127.0.0.1')
  const browser = await chromium.launch({ executablePath: process.env['BUD_TEST_CHROMIUM'] ?? '/usr/bin/chromium', args })
  try {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    // A server that listens on a port has an AddressInfo.
    await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`)
    await page.click('button')
    await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('Best:') === true)
    expect(await page.textContent('pre')).toMatch(/(?:vllm serve|--model-path) Qwen\/Qwen3-8B /)
    await page.fill('[name=model]', 'Qwen/Qwen3-9B')
    await page.click('button')
    await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('did you mean') === true)
    expect(problems).toEqual([])
  } finally {
    await browser.close()
    server.close()
    rmSync(folder, { recursive: true })
  }
})
