/// <reference lib="dom" />
/** Ten updates a second for a while: late frames, CPU and heap; and how soon a moved slider shows what the simulator says. */
import { optimize } from '@bud-foundry/sim'
import type { Page } from 'playwright-core'
import type { LiveResult } from './live-page.tsx'

/** Bounded: a minute shows what leaks. */
const liveMs = { full: 60_000, quick: 5_000 } as const
/** Caches of the browser and of the drawing library fill up before. */
const warmMs = { full: 10_000, quick: 2_000 } as const
const moves = { full: 40, quick: 10 } as const

export interface LiveMeasures {
  readonly live_updates_per_s: number
  readonly live_late_frames_share: number
  /** Of one core, in the page. */
  readonly live_cpu_share: number
  readonly live_heap_growth_mb: number
  readonly slider_ms_p95: number
}

export async function measureLive(page: Page, isQuick: boolean): Promise<LiveMeasures> {
  const size = isQuick ? 'quick' : 'full'
  const browser = await page.context().newCDPSession(page)
  await browser.send('Performance.enable')
  const read = async () => {
    await browser.send('HeapProfiler.collectGarbage')
    const { metrics } = await browser.send('Performance.getMetrics')
    const valueOf = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
    return { cpuSeconds: valueOf('TaskDuration'), heapBytes: valueOf('JSHeapUsedSize'), seconds: valueOf('Timestamp') }
  }
  // Safe: the page puts these functions there.
  const live = (durationMs: number) =>
    page.evaluate((ms) => (window as unknown as { benchLive: (ms: number) => Promise<LiveResult> }).benchLive(ms), durationMs)
  await live(warmMs[size])
  const before = await read()
  const { updates, frames, lateFrames } = await live(liveMs[size])
  const after = await read()
  return {
    live_updates_per_s: updates / (liveMs[size] / 1_000),
    live_late_frames_share: lateFrames / frames,
    live_cpu_share: (after.cpuSeconds - before.cpuSeconds) / (after.seconds - before.seconds),
    live_heap_growth_mb: (after.heapBytes - before.heapBytes) / 1e6,
    slider_ms_p95: await measureSliders(page, moves[size]),
  }
}

async function measureSliders(page: Page, count: number): Promise<number> {
  const { plans } = await optimize({
    model: 'Qwen/Qwen3-8B',
    devices: [{ hardwareId: 'h100-sxm', count: 2 }],
    workload: { inputTokens: 512, outputTokens: 128, concurrency: 8 },
  })
  const took = await page.evaluate(
    ({ plan, moves: wanted }) =>
      // Safe: as above.
      (window as unknown as { benchSliders: (plan: unknown, moves: number) => Promise<number[]> }).benchSliders(plan, wanted),
    { plan: plans[0], moves: count },
  )
  return took.toSorted((left, right) => left - right)[Math.ceil(took.length * 0.95) - 1] ?? Number.NaN
}
