/** Sends requests: joins addresses, adds headers, turns every failure into a BudClientError. */
import { BudClientError } from '../errors.ts'
import { limits } from '../limits.ts'
import { waitFor, type ClientClock } from './client-clock.ts'
import { readFields, readJson, readTextOrUndefined } from './read.ts'

export interface HttpOptions {
  readonly baseUrl: string
  readonly fetch: typeof fetch
  readonly headers: () => Readonly<Record<string, string>>
  readonly clock: ClientClock
  /** From 0 up to 1; spreads what is tried again. */
  readonly random: () => number
  readonly onUnauthorized: () => void
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpRequest {
  readonly method?: HttpMethod | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined
  readonly body?: unknown
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** It changes nothing, whatever its method says. */
  readonly isRead?: boolean | undefined
}

export interface Http {
  /** Parsed JSON of a 2xx answer. What only reads is tried again when the failure may pass, within the same time limit. */
  json(request: HttpRequest & { readonly timeoutMs?: number }): Promise<unknown>
  /** The open answer, once its status is known to be 2xx. Only the signal ends it. */
  open(request: HttpRequest): Promise<Response>
}

export function createHttp(options: HttpOptions): Http {
  const open = async (request: HttpRequest): Promise<Response> => {
    const address = toAddress(options.baseUrl, request)
    let response: Response
    try {
      response = await options.fetch(address, toInit(request, options.headers()))
    } catch (cause) {
      throw toFailure(cause, address, request.signal)
    }
    if (response.ok) return response
    const error = await toRefusal(response, address)
    if (error.status === 401) options.onUnauthorized()
    throw error
  }

  const json: Http['json'] = async ({ timeoutMs = limits.requestTimeoutMs, ...request }) => {
    const deadline = new AbortController()
    const lateness = new AbortController()
    const cancelTimer = options.clock.after(timeoutMs, () => {
      lateness.abort()
      deadline.abort()
    })
    const passOn = () => {
      deadline.abort(request.signal?.reason)
    }
    if (request.signal?.aborted === true) passOn()
    request.signal?.addEventListener('abort', passOn, { once: true })
    try {
      for (let tries = 0; ; tries += 1) {
        try {
          const response = await open({ ...request, signal: deadline.signal })
          return readJson(await readBody(response, request.path, deadline.signal), `The answer of ${request.path}`)
        } catch (error) {
          const delayMs = isRepeatable(request) ? toDelayMs(error, tries, options.random) : undefined
          if (delayMs === undefined || deadline.signal.aborted) throw error
          await waitFor(options.clock, delayMs, deadline.signal)
        }
      }
    } catch (error) {
      throw lateness.signal.aborted ? toTimeout(request.path, timeoutMs, error) : error
    } finally {
      cancelTimer()
      request.signal?.removeEventListener('abort', passOn)
    }
  }

  return { open, json }
}

/** Asking twice changes nothing. */
const isRepeatable = ({ method = 'GET', isRead = method === 'GET' }: HttpRequest) => isRead

/** How long to wait before the next try; undefined when there is none. */
function toDelayMs(error: unknown, tries: number, random: () => number): number | undefined {
  if (!(error instanceof BudClientError) || !error.retryable || tries >= limits.retriesMax) return undefined
  const wishMs = error.retryAfterMs ?? limits.retryMsMin * 2 ** tries * (0.5 + random())
  return wishMs > limits.retryMsMax ? undefined : wishMs
}

function toAddress(baseUrl: string, { path, query = {} }: HttpRequest): string {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()
  return `${baseUrl.replace(/\/+$/, '')}${path}${search === '' ? '' : `?${search}`}`
}

function toInit(request: HttpRequest, headers: Readonly<Record<string, string>>): RequestInit {
  return {
    method: request.method ?? 'GET',
    credentials: 'same-origin',
    cache: 'no-store',
    headers: {
      accept: request.accept ?? 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  }
}

async function readBody(response: Response, where: string, signal: AbortSignal): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw toFailure(cause, where, signal)
  }
}

/** The failure of a connection, or the caller's own wish to stop. */
export function toFailure(cause: unknown, where: string, signal: AbortSignal | undefined): BudClientError {
  if (cause instanceof BudClientError) return cause
  if (signal?.aborted === true) return new BudClientError({ code: 'REACT_ABORTED', message: `The request to ${where} was stopped.`, cause })
  return new BudClientError({
    code: 'REACT_NETWORK_FAILED',
    message: `The server did not answer at ${where}. Is it running, and reachable from here?`,
    retryable: true,
    cause,
  })
}

function toTimeout(where: string, timeoutMs: number, cause: unknown): BudClientError {
  return new BudClientError({
    code: 'REACT_TIMED_OUT',
    message: `${where} gave no answer within ${timeoutMs / 1000} s.`,
    retryable: true,
    cause,
  })
}

async function toRefusal(response: Response, where: string): Promise<BudClientError> {
  // A body that cannot be read leaves the status, which is enough for a message.
  const text = (await response.text().catch(() => '')).slice(0, limits.errorBodyCharactersMax)
  const { message, code } = readErrorBody(text)
  return new BudClientError({
    code: 'REACT_RESPONSE_REFUSED',
    message: message ?? `${where} answered ${response.status} ${response.statusText}`.trim(),
    status: response.status,
    serverCode: code,
    retryable: response.status >= 500 || response.status === 429 || response.status === 408,
    retryAfterMs: toRetryAfterMs(response.headers.get('retry-after'), response.headers.get('date')),
  })
}

/** Seconds, or a moment by the server's own clock. */
function toRetryAfterMs(text: string | null, date: string | null): number | undefined {
  if (text === null) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const waitMs = Date.parse(text) - Date.parse(date ?? '')
  return Number.isFinite(waitMs) ? Math.max(waitMs, 0) : undefined
}

/** Message and code of an OpenAI-shaped error body, or of a plain `{ message, code }`. */
export function readErrorBody(text: string): { readonly message: string | undefined; readonly code: string | undefined } {
  try {
    const outer = readFields(readJson(text, 'The error body'), 'error body')
    const fields = typeof outer['error'] === 'object' && outer['error'] !== null ? readFields(outer['error'], 'error') : outer
    return { message: readTextOrUndefined(fields, 'message'), code: readTextOrUndefined(fields, 'code') }
  } catch {
    // Not ours: a proxy's page, or nothing at all. The caller falls back to the status.
    return { message: undefined, code: undefined }
  }
}
