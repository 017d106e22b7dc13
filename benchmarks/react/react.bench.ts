/// <reference lib="dom" />
/** What the kit weighs, how fast its charts draw beside bare uPlot, Recharts and ECharts in the same browser, and what ten updates a second cost. Budgets that are passed fail the run. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { chromium, type Page } from 'playwright-core'
import { build } from 'esbuild'
import { predictLoads, predictSchema } from '../../examples/reference-server/src/predict.ts'
import { median } from '../harness/statistics.ts'
import { currentLoadAverage, report } from '../harness/report.ts'
import { measureLive, type LiveMeasures } from './live.ts'
import { dashboard, measureBundle, measureSubpaths, tile } from './sizes.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 7
/** Upper bounds, in kilobytes of gzip or as ratios to bare uPlot. */
const budgets = {
  dashboard_gzip_kb: 58,
  tile_gzip_kb: 8,
  points100k_vs_uplot: 1.15,
  charts24_vs_uplot: 1.15,
  live_late_frames_share: 0.05,
  live_cpu_share: 0.5,
  live_heap_growth_mb: 4,
  slider_ms_p95: 100,
} as const

const tasks = {
  points1500: { charts: 1, points: 1_500, seriesPerChart: 3 },
  points100k: { charts: 1, points: 100_000, seriesPerChart: 3 },
  charts24: { charts: 24, points: 360, seriesPerChart: 1 },
} as const
const libraries = ['uplot', 'bud', 'echarts', 'recharts'] as const

type Timings = Record<string, Record<string, number>>

async function timeIn(page: Page, library: string, task: object): Promise<number> {
  return page.evaluate(
    // Safe: the page puts this function there.
    (each) => (window as unknown as { benchTime: (task: unknown) => Promise<number> }).benchTime(each),
    { library, ...task },
  )
}

/** Interleaved, so that a busy moment of the machine meets every library; the first round warms up. */
async function timeAll(page: Page): Promise<Timings> {
  const timings: Timings = {}
  for (const [name, task] of Object.entries(tasks)) {
    const samples = new Map<string, number[]>(libraries.map((library) => [library, []]))
    for (let round = 0; round <= rounds; round += 1) {
      for (const library of libraries) {
        // Takes seconds each, and is no baseline of a ratio.
        if (library === 'recharts' && name === 'points100k' && round > 1) continue
        const tookMs = await timeIn(page, library, task)
        if (round > 0) samples.get(library)?.push(tookMs)
      }
    }
    timings[name] = Object.fromEntries([...samples].map(([library, values]) => [library, median(values)]))
  }
  return timings
}

/** As the reference server answers it, so that sliders meet the real simulator. */
function answerPrediction(request: IncomingMessage, response: ServerResponse): void {
  json(request)
    .then(async (body) => {
      const { plan, workloads } = predictSchema.parse(body)
      const data = (await predictLoads(plan, workloads)).map((each) => each ?? null)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }))
    })
    .catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
}

async function servePage(): Promise<{ url: string; close: () => void }> {
  const { outputFiles } = await build({
    entryPoints: [new URL('page.tsx', import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    splitting: true,
    write: false,
    outdir: '/',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    conditions: ['bud-source', 'module', 'browser', 'import'],
    logLevel: 'error',
  })
  const { outputFiles: styles } = await build({
    entryPoints: [new URL('../../packages/react/src/style/styles.css', import.meta.url).pathname],
    bundle: true,
    write: false,
    outdir: '/',
  })
  const files = new Map([...outputFiles, ...styles].map(({ path, contents }) => [path, contents]))
  const page =
    '<!doctype html><link rel="stylesheet" href="/styles.css"><body style="--bud-chart-height:250px"><script type="module" src="/page.js"></script>'
  const server = createServer((request, response) => {
    const { url = '/' } = request
    if (url === '/api/sim/predict') {
      answerPrediction(request, response)
      return
    }
    const file = files.get(url)
    const type = url.endsWith('.js') ? 'text/javascript' : url.endsWith('.css') ? 'text/css' : 'text/html'
    response.writeHead(url === '/' || file !== undefined ? 200 : 404, { 'content-type': type }).end(url === '/' ? page : file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server of the page has no port.')
  return { url: `http://127.0.0.1:${String(address.port)}/`, close: () => server.close() }
}

async function measurePage(): Promise<{ readonly timings: Timings; readonly live: LiveMeasures }> {
  const server = await servePage()
  const browser = await chromium.launch({
    executablePath: process.env['BUD_TEST_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
    page.on('pageerror', (error) => console.error(error.message))
    await page.goto(server.url)
    await page.waitForFunction(() => 'benchTime' in window)
    const timings = await timeAll(page)
    return { timings, live: await measureLive(page, quick) }
  } finally {
    await browser.close()
    server.close()
  }
}

const loadAverage = currentLoadAverage()
const subpaths = await measureSubpaths()
const { timings, live } = await measurePage()
const ratio = (task: string) => (timings[task]?.['bud'] ?? Number.NaN) / (timings[task]?.['uplot'] ?? Number.NaN)
const measures = {
  dashboard_gzip_kb: await measureBundle(dashboard),
  tile_gzip_kb: await measureBundle(tile),
  points100k_vs_uplot: ratio('points100k'),
  charts24_vs_uplot: ratio('charts24'),
  ...live,
}
console.table(subpaths)
console.table(timings)
const over = Object.entries(budgets).filter(([name, most]) => !(measures[name as keyof typeof budgets] <= most))
for (const [name, most] of over) console.error(`${name} is over its budget of ${String(most)}`)
report(
  {
    bench: 'react',
    quick,
    measures: { ...measures, axe_violations: null, style_leaks: null },
    reasons: {
      axe_violations: 'asserted to be zero by the service tests (console.service.test.ts, stories.service.test.tsx), not counted here',
      style_leaks: 'asserted to be none by the service tests (embed.service.test.tsx, hosts.service.test.ts), not counted here',
    },
    details: { subpathsGzipKb: subpaths, millisecondsToSecondFrame: timings, rounds },
  },
  loadAverage,
)
if (over.length > 0) process.exitCode = 1
