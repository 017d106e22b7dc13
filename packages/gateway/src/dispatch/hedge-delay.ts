/** How long a request waits for its first content before a second try starts. */
import type { HedgeConfig } from '../config.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'

const shares = { p90: 0.9, p95: 0.95, p99: 0.99 } as const

export function hedgeDelayMs(hedge: HedgeConfig, model: string, metrics: GatewayMetrics): number {
  if (typeof hedge.after === 'number') return hedge.after
  const seconds = metrics.ttftSeconds(model, shares[hedge.after])
  return seconds === undefined ? hedge.initialMs : seconds * 1_000
}
