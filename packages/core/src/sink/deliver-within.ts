/** Bounds the time of one delivery, even when the destination ignores the signal. */
import type { Clock } from '../time/clock.ts'
import { sinkErrors } from './sink-errors.ts'

export interface DeliveryBound {
  readonly clock: Clock
  readonly timeoutMs: number
  /** How many are delivered, for the message. */
  readonly events: number
  readonly signal: AbortSignal
}

/** @throws CORE_SINK_DELIVERY_TIMEOUT when the time is over, the reason of the signal when that aborts, or what the delivery threw */
export async function deliverWithin(
  { clock, timeoutMs, events, signal }: DeliveryBound,
  deliver: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const deadline = new AbortController()
  const timer = clock.schedule(timeoutMs, () => {
    deadline.abort(sinkErrors.SINK_DELIVERY_TIMEOUT({ events, timeoutMs }))
  })
  const either = AbortSignal.any([signal, deadline.signal])
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => {
    reject(either.reason)
  }
  either.addEventListener('abort', onAbort, { once: true })
  if (either.aborted) onAbort()
  try {
    await Promise.race([aborted, deliver(either)])
  } finally {
    either.removeEventListener('abort', onAbort)
    timer[Symbol.dispose]()
  }
}
