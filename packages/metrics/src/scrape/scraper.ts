/** Scrapes Prometheus targets at an interval and writes what they tell into the sink. */
import type { Clock, Logger, Sink } from '@bud-foundry/core'
import { revealHeaders, type CallHeaders } from '../client/reveal-headers.ts'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { parseExposition } from './exposition.ts'
import { translatePage, type ScrapedPage, type ScrapeTarget } from './translate.ts'

export interface ScraperTarget extends ScrapeTarget {
  /** What it says of users and in its query stays out of logs and errors. */
  readonly url: string
  readonly headers?: CallHeaders
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

interface Place {
  readonly url: string
  /** The same without what may authorize. */
  readonly shown: string
  readonly headers: Readonly<Record<string, string>>
}

/** Who calls may stand in the address, which `fetch` refuses: it goes into a header. Undefined: it is no address. */
function toPlace({ url: address, headers = {} }: ScraperTarget): Place | undefined {
  const url = URL.parse(address)
  if (url === null) return undefined
  const user = [url.username, url.password].map(decodeURIComponent).join(':')
  url.username = url.password = ''
  const basic = user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
  return { url: url.href, shown: `${url.origin}${url.pathname}`, headers: { ...basic, ...revealHeaders(headers) } }
}

async function readPage({ url, headers }: Place, call: typeof fetch, signal: AbortSignal): Promise<string> {
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.7'
  const response = await call(url, { headers: { accept, ...headers }, signal })
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
}

async function fetchPage(target: ScraperTarget, call: typeof fetch, signal: AbortSignal): Promise<string> {
  const place = toPlace(target)
  if (place === undefined) throw metricsErrors.SCRAPE_FAILED({ url: '', reason: 'it is not an address' })
  try {
    return await readPage(place, call, signal)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw metricsErrors.SCRAPE_FAILED({ url: place.shown, reason }, { cause: error })
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
      const text = await fetchPage(target, options.fetch ?? fetch, AbortSignal.any([closing.signal, deadline.signal]))
      const page = { samples: parseExposition(text), timeUnixMs: clock.nowMs() }
      const events = translatePage(page, target, former.get(target))
      former.set(target, page)
      if (events.length > 0) await sink.write(events, closing.signal)
      return events.length
    } catch (error) {
      if (!closing.signal.aborted)
        logger.warn('a target could not be scraped', { url: toPlace(target)?.shown, source: target.source, error })
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
