/** Follows the server's live events: reconnects with growing, jittered delays, gives up a silent connection, ends without a trace. */
import type { RequestEvent } from '@bud-foundry/core'
import { limits } from '../limits.ts'
import { waitFor, type ClientClock } from './client-clock.ts'
import { readEventStream, type ServerSentEvent } from './event-stream.ts'
import type { Http } from './http.ts'
import { readJson } from './read.ts'
import { toRequestEvent, toRequestStart, type RequestStart } from './wire.ts'

/** `open`: events arrive; `retrying`: the connection was lost and is being made anew. */
export type LiveStatus = 'connecting' | 'open' | 'retrying' | 'closed'

export interface LiveHandlers {
  readonly onStatus?: (status: LiveStatus) => void
  readonly onRequestStart?: (start: RequestStart) => void
  readonly onRequest?: (event: RequestEvent) => void
  /** A lost connection or an event that could not be read; the stream goes on by itself. */
  readonly onError?: (error: unknown) => void
}

export interface LiveSubscription {
  /** Ends the connection and every timer; twice without harm. */
  readonly close: () => void
}

export interface LiveOptions {
  readonly http: Http
  readonly clock: ClientClock
  /** From 0 up to 1. */
  readonly random: () => number
  readonly handlers: LiveHandlers
}

export function openLiveStream({ http, clock, random, handlers }: LiveOptions): LiveSubscription {
  const closing = new AbortController()
  const isClosed = () => closing.signal.aborted
  let lastEventId: string | undefined
  let retryMsBase: number = limits.liveRetryMsMin

  const connect = async (): Promise<void> => {
    const attempt = new AbortController()
    const stop = () => {
      attempt.abort()
    }
    closing.signal.addEventListener('abort', stop, { once: true })
    let cancelSilence = clock.after(limits.liveSilenceMs, stop)
    const onBytes = () => {
      cancelSilence()
      cancelSilence = clock.after(limits.liveSilenceMs, stop)
    }
    try {
      const response = await http.open({
        path: '/api/metrics/live',
        accept: 'text/event-stream',
        signal: attempt.signal,
        headers: lastEventId === undefined ? undefined : { 'last-event-id': lastEventId },
      })
      handlers.onStatus?.('open')
      if (response.body === null) return
      for await (const event of readEventStream(response.body, onBytes)) {
        lastEventId = event.id ?? lastEventId
        retryMsBase = event.retryMs ?? retryMsBase
        dispatch(event, handlers)
      }
    } finally {
      cancelSilence()
      closing.signal.removeEventListener('abort', stop)
    }
  }

  const run = async (): Promise<void> => {
    let failures = 0
    handlers.onStatus?.('connecting')
    while (!isClosed()) {
      const startedMs = clock.monotonicMs()
      try {
        await connect()
      } catch (error) {
        if (!isClosed()) handlers.onError?.(error)
      }
      if (isClosed()) return
      // A connection that held for a while was a good one: start over with short delays.
      failures = clock.monotonicMs() - startedMs > limits.liveRetryMsMax ? 0 : failures + 1
      handlers.onStatus?.('retrying')
      await waitFor(clock, toRetryDelayMs(failures, retryMsBase, random), closing.signal)
    }
  }

  void run()
  return {
    close() {
      if (isClosed()) return
      closing.abort()
      handlers.onStatus?.('closed')
    },
  }
}

/** Doubles from the base up to the maximum; half of it is random, so that pages do not return all at once. */
export function toRetryDelayMs(failures: number, baseMs: number, random: () => number): number {
  const full = Math.min(baseMs * 2 ** Math.min(failures, 16), limits.liveRetryMsMax)
  return full / 2 + (full / 2) * random()
}

function dispatch(event: ServerSentEvent, handlers: LiveHandlers): void {
  try {
    if (event.event === 'request-start') handlers.onRequestStart?.(toRequestStart(readJson(event.data, 'A live event')))
    else if (event.event === 'request') handlers.onRequest?.(toRequestEvent(readJson(event.data, 'A live event')))
  } catch (error) {
    handlers.onError?.(error)
  }
}
