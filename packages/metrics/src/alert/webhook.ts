/** Sends notices to a webhook: signed, repeated when that may help, never redirected. */
import { createHmac } from 'node:crypto'
import type { Clock, Secret } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'
import type { AlertNotice } from './slo-alerts.ts'

export interface WebhookOptions {
  /** https, or http on this machine. */
  readonly url: string
  /** Signs every body; the receiver recomputes it. */
  readonly secret: Secret
  readonly clock: Clock
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Tries in all; default 5, with 1, 2, 4 and 8 seconds between them. */
  readonly tries?: number
  readonly timeoutMs?: number
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<unix seconds>.<body>`, so that an old body cannot be sent again under a new time. */
export const signBody = (secret: Secret, unixSeconds: number, body: string): string =>
  `t=${String(unixSeconds)},v1=${createHmac('sha256', secret.reveal())
    .update(`${String(unixSeconds)}.${body}`)
    .digest('hex')}`

const isPassing = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500

/**
 * What `createSloAlerts` notifies.
 * @throws METRICS_WEBHOOK_INVALID at once for an address that is not allowed, METRICS_WEBHOOK_FAILED when no try was accepted
 */
export function createWebhook(options: WebhookOptions): (notice: AlertNotice, signal: AbortSignal) => Promise<void> {
  const { secret, clock, fetch: send = globalThis.fetch, tries = 5, timeoutMs = 10_000 } = options
  const url = URL.parse(options.url)
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))))
    throw metricsErrors.WEBHOOK_INVALID({ origin: url?.origin ?? 'not an address' })

  async function attempt(
    body: string,
    signal: AbortSignal,
  ): Promise<{ readonly done: boolean; readonly again: boolean; readonly reason: string }> {
    try {
      const response = await send(url?.href ?? '', {
        method: 'POST',
        // An answer that points elsewhere is a failure: the address was approved, what it points to was not.
        redirect: 'manual',
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          'content-type': 'application/json',
          'bud-signature': signBody(secret, Math.floor(clock.nowMs() / 1000), body),
        },
      })
      await response.body?.cancel()
      return { done: response.ok, again: isPassing(response.status), reason: `status ${String(response.status)}` }
    } catch (error) {
      return { done: false, again: !signal.aborted, reason: error instanceof Error ? error.message : String(error) }
    }
  }

  return async (notice, signal) => {
    const body = JSON.stringify(notice)
    let reason = 'it was never sent'
    for (let index = 0; index < tries; index += 1) {
      if (index > 0) await clock.sleep(1_000 * 2 ** (index - 1), signal)
      const result = await attempt(body, signal)
      if (result.done) return
      reason = result.reason
      if (!result.again) break
    }
    throw metricsErrors.WEBHOOK_FAILED({ origin: url.origin, reason })
  }
}
