/** The kit in applications of Next.js, with React 18 and 19: server components render widgets, the browser takes them over without a word, charts draw. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cacheFolder, runTool } from '../../../../scripts/services/install.ts'
import { launch, open } from '../support/browser.ts'

vi.setConfig({ testTimeout: 600_000 })

const packages = new URL('../../../', import.meta.url).pathname
const shared = ['uplot@1', '@tanstack/react-table@9', '@tanstack/react-virtual@3', 'zod@4']
const hosts = [
  { name: 'Next 16 with React 19', versions: ['next@16', 'react@19', 'react-dom@19'], flags: ['--webpack'] },
  { name: 'Next 14 with React 18', versions: ['next@14', 'react@18', 'react-dom@18'], flags: [] },
] as const

/** No directive: a server component, with a tile of the kit in it. */
const page = `import { StatTile } from '@bud-foundry/react/stat-tile'
import { Live } from './live.js'

export default function Page() {
  return (
    <main>
      <StatTile label="Tokens/s" value="404" detail="peak 701" trend={[120, 380, 404]} />
      <Live />
    </main>
  )
}
`
const live = `'use client'
import { BudProvider, BudRoot } from '@bud-foundry/react'
import { PlanComparison } from '@bud-foundry/react/plan-comparison'
import { TimeSeriesChart } from '@bud-foundry/react/time-series'

const times = Array.from({ length: 40 }, (_, index) => 1_763_870_400_000 + index * 5_000)
const series = [{ label: 'Requests', values: times.map((_, index) => (index * 7) % 11), tone: 'accent', isFilled: true }]

export function Live() {
  return (
    <BudProvider locale="en" timeZone="UTC">
      <BudRoot theme="light">
        <TimeSeriesChart title="Requests per second" timesUnixMs={times} series={series} write={String} />
        <PlanComparison plans={[]} />
      </BudRoot>
    </BudProvider>
  )
}
`
const layout = `import '@bud-foundry/react/styles.css'

export const metadata = { title: 'Portal', icons: [] }

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
`
/** From the sources, as the examples of this repository: an application of its own needs none of this. */
const config = `export default {
  reactStrictMode: true,
  transpilePackages: ['@bud-foundry/react', '@bud-foundry/core'],
  webpack: (config) => {
    config.resolve.conditionNames = ['bud-source', '...']
    config.resolve.symlinks = false
    return config
  },
}
`

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
})

/** Downloaded once, and kept. */
async function install(versions: readonly string[]): Promise<string> {
  const folder = join(cacheFolder(), `react-host-${versions[0]?.replace('@', '-') ?? ''}`)
  if (existsSync(folder)) return folder
  const making = `${folder}.${String(process.pid)}`
  await mkdir(making, { recursive: true })
  await writeFile(join(making, 'package.json'), '{ "private": true, "type": "module" }')
  await runTool('npm', ['install', '--no-audit', '--no-fund', '--legacy-peer-deps', ...versions, ...shared], { cwd: making })
  await rename(making, folder)
  return folder
}

async function makeApp(versions: readonly string[]): Promise<string> {
  const app = await mkdtemp(join(tmpdir(), 'bud-next-'))
  const installed = join(await install(versions), 'node_modules')
  await mkdir(join(app, 'app'))
  await mkdir(join(app, 'node_modules/@bud-foundry'), { recursive: true })
  // Next looks for them beside the application; the kit is copied, so that it finds its React there and not in this repository.
  for (const name of ['react', 'core']) {
    const place = join(app, 'node_modules/@bud-foundry', name)
    await mkdir(place)
    await cp(join(packages, name, 'package.json'), join(place, 'package.json'))
    await cp(join(packages, name, 'src'), join(place, 'src'), { recursive: true })
  }
  // The sheet is built with the package; its source says the same.
  await cp(join(packages, 'react/src/style'), join(app, 'node_modules/@bud-foundry/react/dist'), { recursive: true })
  const names = ['next', 'react', 'react-dom', 'uplot', 'zod', '@tanstack', '@next', '@swc', 'styled-jsx', 'scheduler']
  for (const name of names) if (existsSync(join(installed, name))) await symlink(join(installed, name), join(app, 'node_modules', name))
  const files = {
    'package.json': '{ "private": true, "type": "module" }',
    'next.config.mjs': config,
    'app/layout.js': layout,
    'app/page.js': page,
    'app/live.js': live,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(app, name), text)
  return app
}

test.each(hosts)('$name', async ({ versions, flags }) => {
  const app = await makeApp(versions)
  const next = join(app, 'node_modules/next/dist/bin/next')
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'development' as const }
  const server = spawn(process.execPath, [next, 'dev', ...flags, '--port', '0', '--hostname', '127.0.0.1'], {
    cwd: app,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  server.stderr.on('data', (text: Buffer) => said.push(text.toString()))
  const exited = once(server, 'exit')
  try {
    let url = ''
    for await (const line of createInterface(server.stdout)) {
      said.push(line)
      url = /http:\/\/[\w.:]+/.exec(line)?.[0] ?? url
      if (line.includes('Ready')) break
    }
    server.stdout.on('data', (text: Buffer) => said.push(text.toString()))
    const html = await (await fetch(url.replace('localhost', '127.0.0.1'), { headers: { connection: 'close' } })).text()
    expect(html, said.join('\n')).toContain('404')
    expect(html).toContain('bud-plot-line')
    const { page: portal, complaints } = await open({ browser, url: url.replace('localhost', '127.0.0.1') })
    await portal.locator('.bud-plot-host[data-drawn=true]').waitFor({ timeout: 120_000 })
    await portal.getByRole('slider', { name: 'Requests per second' }).press('ArrowLeft')
    await portal.getByText('No plans to compare').waitFor()
    expect(complaints.filter((line) => !/favicon|DevTools|Fast Refresh|HMR/.test(line))).toEqual([])
    await portal.close()
  } finally {
    server.kill('SIGTERM')
    await exited
    await rm(app, { recursive: true, force: true })
  }
})
