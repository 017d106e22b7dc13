/** Real Chromium for the service tier: one browser, fresh pages, and every complaint of the console kept. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'

/** Set BUD_TEST_CHROMIUM to use another browser than Debian's. */
const executablePath = process.env['BUD_TEST_CHROMIUM'] ?? '/usr/bin/chromium'

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args })
}

export interface OpenPage {
  readonly page: Page
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: readonly string[]
}

export interface OpenOptions {
  readonly browser: Browser
  readonly url: string
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
}

export async function open({ browser, url, colorScheme = 'light', width = 1280 }: OpenOptions): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  // Nobody's first visit: the console's tour has a test of its own.
  await page.addInitScript(() => {
    localStorage.setItem('bud-console-tour-seen', '1')
  })
  await page.goto(url)
  return { page, complaints }
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Violations of axe's default rules but those named, each in one line. */
export async function findViolations(page: Page, except: readonly string[] = []): Promise<string[]> {
  // Through the debugger, because the page's content security policy rightly refuses injected scripts.
  await page.evaluate(axeSource)
  const results = await page.evaluate(
    // Safe: the line above puts it there.
    (names) =>
      (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        rules: Object.fromEntries(names.map((name) => [name, { enabled: false }])),
      }),
    except,
  )
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ''}`).join(' | ')}`)
}

/** Builds from the packages' sources; React's own checks stay in, so that its warnings reach the console. */
export async function buildPage(root: string, outDir: string, configFile: string | false): Promise<void> {
  await build({
    root,
    configFile,
    mode: 'development',
    logLevel: 'error',
    base: './',
    resolve: { conditions: ['bud-source', ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true, minify: false, modulePreload: { polyfill: false } },
  })
}
