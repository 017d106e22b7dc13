/** Fetches a whole answer from a URL that somebody else chose: bounded in time and bytes, redirects checked like the first URL. */
import { isBudError, systemClock, type Clock, type Transport } from '@bud-foundry/core'
import { createSafeTransport, shownUrl, type SafeTransportOptions } from './safe-transport.ts'
import { ssrfErrors } from './ssrf-errors.ts'
import { ssrfLimits } from './ssrf-limits.ts'

export interface SafeRequest {
  readonly url: string | URL
  /** Default `GET`. Redirects are followed for GET alone; another method gets the 3xx as its answer. */
  readonly method?: 'GET' | 'POST' | 'PUT' | undefined
  /** Sent to the origin of `url` only: a redirect to another one gets none of them. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | undefined
  /** Of the whole fetch, redirects included; default 10 s. */
  readonly timeoutMs?: number | undefined
  /** Of the answer's body; default 20 MiB. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SafeAnswer {
  /** Where the answer came from, after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

export interface SafeFetcher extends AsyncDisposable {
  /** Rejects with GATEWAY_URL_REFUSED for what must not be called and with GATEWAY_URL_FETCH_FAILED for what could not be; a status of 400 or more is an answer. */
  fetch(request: SafeRequest): Promise<SafeAnswer>
}

export interface SafeFetcherOptions extends SafeTransportOptions {
  /** Default: a safe transport of its own. One passed in must do the checks, and is closed by whoever made it. */
  readonly transport?: Transport | undefined
}

const redirects = new Set([301, 302, 303, 307, 308])

interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly maxBytes: number
}

function readUrl(text: string | URL, base?: URL): URL {
  const url = URL.parse(String(text), base?.href)
  if (url === null) throw ssrfErrors.URL_REFUSED({ url: String(text).slice(0, ssrfLimits.shownUrlLength), reason: 'syntax' })
  return url
}

/** One request and its answer. */
function fetchOnce(transport: Transport, hop: Hop, signal: AbortSignal): Promise<SafeAnswer> {
  const { url, method, headers, body, maxBytes } = hop
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    let head: Pick<SafeAnswer, 'status' | 'headers'> = { status: 0, headers: {} }
    const fail = (error: unknown): void => {
      const problem = error instanceof Error ? error.message : String(error)
      reject(isBudError(error) ? error : ssrfErrors.URL_FETCH_FAILED({ url: shownUrl(url), problem }, { cause: error }))
    }
    // Handlers are never called before `dispatch` has returned.
    const call = transport.dispatch(
      { url, method, headers, body },
      {
        onHeaders: (status, answered) => {
          head = { status, headers: answered }
        },
        onData: (chunk) => {
          bytes += chunk.byteLength
          if (bytes <= maxBytes) chunks.push(chunk)
          else
            call.abort(ssrfErrors.URL_FETCH_FAILED({ url: shownUrl(url), problem: `its answer is larger than ${String(maxBytes)} bytes` }))
          return true
        },
        onEnd: () => {
          resolve({ url, ...head, body: Buffer.concat(chunks) })
        },
        onError: fail,
      },
      signal,
    )
  })
}

function nextHop(hop: Hop, answer: SafeAnswer): Hop | undefined {
  const { location } = answer.headers
  if (hop.method !== 'GET' || !redirects.has(answer.status) || typeof location !== 'string') return undefined
  const url = readUrl(location, hop.url)
  return { ...hop, url, headers: url.origin === hop.url.origin ? hop.headers : {} }
}

async function follow(transport: Transport, first: Hop, signal: AbortSignal): Promise<SafeAnswer> {
  let hop = first
  for (let left: number = ssrfLimits.redirects; ; left -= 1) {
    const answer = await fetchOnce(transport, hop, signal)
    const next = nextHop(hop, answer)
    if (next === undefined) return answer
    if (left === 0) throw ssrfErrors.URL_FETCH_FAILED({ url: shownUrl(first.url), problem: 'it redirects too often' })
    hop = next
  }
}

/** For whole answers; for streams take `createSafeTransport`. */
export function createSafeFetcher(options: SafeFetcherOptions = {}): SafeFetcher {
  const clock: Clock = options.clock ?? systemClock
  const transport = options.transport ?? createSafeTransport(options)
  return {
    fetch: async (request) => {
      const url = readUrl(request.url)
      const timeoutMs = request.timeoutMs ?? ssrfLimits.timeoutMs
      const deadline = new AbortController()
      using _timer = clock.schedule(timeoutMs, () => {
        deadline.abort(ssrfErrors.URL_FETCH_FAILED({ url: shownUrl(url), problem: `it took longer than ${String(timeoutMs)} ms` }))
      })
      const signal = request.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, request.signal])
      const { method = 'GET', headers = {}, body, maxBytes = ssrfLimits.answerBytes } = request
      return await follow(transport, { url, method, headers, body, maxBytes }, signal)
    },
    [Symbol.asyncDispose]: async () => {
      if (options.transport === undefined) await transport[Symbol.asyncDispose]()
    },
  }
}
