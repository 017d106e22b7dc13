/** A request with everything that may be known of it: the event's fields, and those that only some producers fill. */
import type { RequestEvent } from '@bud-foundry/core'

export interface RequestFacts extends RequestEvent {
  readonly sessionId?: string
  readonly promptId?: string
  readonly promptVersion?: string
  readonly method?: string
  readonly route?: string
  readonly countryCode?: string
  readonly region?: string
  readonly city?: string
  readonly deviceType?: string
  readonly browser?: string
  readonly os?: string
  readonly isBot?: boolean
  readonly blockRuleId?: string
  readonly guardrails?: readonly string[]
  readonly queueMs?: number
  readonly interTokenMs?: number
  readonly savedUsd?: number
  readonly providerCostUsd?: number
  readonly source?: string
}
