/** Posts alerts: signed, tried again after failures, to addresses that the caller's fetcher has checked. */
import { createHmac } from 'node:crypto'
import type { Clock, Secret } from '@bud-foundry/core'
import { webhookAttempts, webhookRetryMs, webhookTimeoutMs } from '../limits.ts'

/** What sends: `createSafeFetcher()` of `@bud-foundry/gateway/ssrf`, so that an alert cannot be pointed at the inside of a network. */
export interface WebhookFetcher {
  fetch(request: {
    readonly url: string
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: Uint8Array
    readonly timeoutMs: number
    readonly maxBytes: number
    readonly signal: AbortSignal
  }): Promise<{ readonly status: number }>
}

export interface WebhookMessage {
  readonly url: string
  /** Unique; the receiver may see a message twice and drop the second. */
  readonly id: string
  readonly body: unknown
  readonly secret: Secret | undefined
}

const answerBytes = 64 * 1024

/**
 * `x-bud-signature: t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over the time, a dot and the body. The time is signed too, so that a message that was
 * recorded cannot be sent again later.
 */
export function signWebhook(body: Uint8Array, secret: Secret, unixMs: number): string {
  const seconds = String(Math.floor(unixMs / 1_000))
  const mac = createHmac('sha256', secret.reveal()).update(`${seconds}.`).update(body).digest('hex')
  return `t=${seconds},v1=${mac}`
}

/** False when every try failed. Never rejects, except when `signal` aborts. */
export async function postWebhook(
  message: WebhookMessage,
  by: {
    readonly fetcher: WebhookFetcher
    readonly clock: Clock
    readonly signal: AbortSignal
    readonly onFailure: (error: unknown) => void
  },
): Promise<boolean> {
  const { fetcher, clock, signal } = by
  const body = new TextEncoder().encode(JSON.stringify(message.body))
  for (let attempt = 1; ; attempt += 1) {
    const headers: Record<string, string> = { 'content-type': 'application/json', 'x-bud-event-id': message.id }
    if (message.secret !== undefined) headers['x-bud-signature'] = signWebhook(body, message.secret, clock.nowMs())
    let problem: unknown
    try {
      const request = {
        url: message.url,
        method: 'POST',
        headers,
        body,
        timeoutMs: webhookTimeoutMs,
        maxBytes: answerBytes,
        signal,
      } as const
      const { status } = await fetcher.fetch(request)
      if (status >= 200 && status < 300) return true
      problem = new Error(`the webhook answered ${String(status)}`)
    } catch (error) {
      if (signal.aborted) throw error
      problem = error
    }
    by.onFailure(problem)
    if (attempt >= webhookAttempts) return false
    await clock.sleep(webhookRetryMs * 4 ** (attempt - 1), signal)
  }
}
