/** Everything that a valid configuration may say by mistake. */
import type { ConfigIssue } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import { railWarnings } from '../guardrail/rail-warnings.ts'
import { unpricedWarnings, type Limited, type PricedModel } from '../limit/unpriced-limits.ts'

/** A configuration made ready: its models with the prices that hold. */
interface Configured {
  readonly config: GatewayConfig
  readonly models: ReadonlyMap<string, PricedModel>
}

/** Each names a field, or the model that is meant. `records` are those whose limits are looked at beside the rules. */
export function configWarnings({ config, models }: Configured, records: Omit<Limited, 'rules'>): readonly ConfigIssue[] {
  const { rules, unpriced } = config.rateLimits
  const rails = config.guardrails === undefined ? [] : railWarnings(config.guardrails)
  return [...unpricedWarnings(models, { rules, ...records }, unpriced), ...rails]
}
