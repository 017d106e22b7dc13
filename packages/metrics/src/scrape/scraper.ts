/** Scrapes Prometheus targets at an interval and writes what they tell into the sink. */
import type { Clock, Logger, Sink } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { parseExposition } from './exposition.ts'
import { translatePage, type ScrapedPage, type ScrapeTarget } from './translate.ts'

export interface ScraperTarget extends ScrapeTarget {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface ScraperOptions {
  readonly targets: readonly ScraperTarget[]
  readonly sink: Sink
  readonly clock: Clock
  readonly logger: Logger
  readonly intervalMs: number
  /** Default: the global one. */
  readonly fetch?: typeof fetch
}

/** Scrapes until it is closed; a target that fails is reported and tried again at the next interval. */
export interface Scraper extends AsyncDisposable {
  /** One round over all targets; resolves with the number of events written. */
  scrape(): Promise<number>
}

async function readPage(target: ScraperTarget, options: ScraperOptions, signal: AbortSignal): Promise<string> {
  const call = options.fetch ?? fetch
  try {
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.7'
    const response = await call(target.url, { headers: { accept, ...target.headers }, signal })
    if (!response.ok || response.body === null) throw new Error(`it answered ${String(response.status)}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    const parts: AsyncIterable<Uint8Array> = response.body
    for await (const chunk of parts) {
      bytes += chunk.byteLength
      if (bytes > metricsLimits.scrapeBytes) throw new Error(`its page has more than ${String(metricsLimits.scrapeBytes)} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw metricsErrors.SCRAPE_FAILED({ url: target.url, reason }, { cause: error })
  }
}

export function createScraper(options: ScraperOptions): Scraper {
  const { targets, sink, clock, logger, intervalMs } = options
  const closing = new AbortController()
  const former = new Map<ScraperTarget, ScrapedPage>()
  let timer: Disposable | undefined
  let running: Promise<unknown> = Promise.resolve()

  async function scrapeTarget(target: ScraperTarget): Promise<number> {
    const deadline = new AbortController()
    const limit = clock.schedule(metricsLimits.scrapeTimeoutMs, () => {
      deadline.abort(new Error(`no answer within ${String(metricsLimits.scrapeTimeoutMs)} ms`))
    })
    try {
      const text = await readPage(target, options, AbortSignal.any([closing.signal, deadline.signal]))
      const page = { samples: parseExposition(text), timeUnixMs: clock.nowMs() }
      const events = translatePage(page, target, former.get(target))
      former.set(target, page)
      if (events.length > 0) await sink.write(events, closing.signal)
      return events.length
    } catch (error) {
      if (!closing.signal.aborted) logger.warn('a target could not be scraped', { url: target.url, source: target.source, error })
      return 0
    } finally {
      limit[Symbol.dispose]()
    }
  }

  async function scrape(): Promise<number> {
    const counts = await Promise.all(targets.map(scrapeTarget))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  function plan(): void {
    timer = clock.schedule(intervalMs, () => {
      running = scrape().finally(() => {
        if (!closing.signal.aborted) plan()
      })
    })
  }

  plan()
  return {
    scrape,
    async [Symbol.asyncDispose]() {
      closing.abort()
      timer?.[Symbol.dispose]()
      await running
    },
  }
}
