/** Numbers that a request row shows and the event does not carry as such. */
import type { RequestEvent } from '@bud-foundry/core'

/** Output tokens per second after the first token; undefined without a stream or with fewer than two tokens. */
export function toTokensPerSecond(event: RequestEvent): number | undefined {
  if (event.timePerOutputTokenMs !== undefined && event.timePerOutputTokenMs > 0) return 1000 / event.timePerOutputTokenMs
  const { timeToFirstTokenMs, durationMs, outputTokens } = event
  if (timeToFirstTokenMs === undefined || outputTokens < 2 || durationMs <= timeToFirstTokenMs) return undefined
  return ((outputTokens - 1) / (durationMs - timeToFirstTokenMs)) * 1000
}

/** How the status is coloured. */
export function toTone(outcome: RequestEvent['outcome']): 'good' | 'warning' | 'bad' | 'muted' {
  switch (outcome) {
    case 'success':
      return 'good'
    case 'partial':
    case 'rejected':
      return 'warning'
    case 'error':
      return 'bad'
    case 'aborted':
      return 'muted'
  }
}
