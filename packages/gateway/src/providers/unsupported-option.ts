/** Reads `target.options.unsupported`, the policy for fields that an upstream cannot express. */
import type { Target } from '@bud-foundry/core'
import type { UnsupportedPolicy } from '../dialect/drop-policy.ts'
import { providerErrors } from './provider-errors.ts'

/** Unset means `harmless`. Throws GATEWAY_TARGET_OPTION_INVALID. */
export function unsupportedPolicy(target: Target): UnsupportedPolicy {
  const value = target.options['unsupported']
  if (value === undefined) return 'harmless'
  if (value === 'error' || value === 'drop' || value === 'harmless') return value
  throw providerErrors.TARGET_OPTION_INVALID({
    targetId: target.id,
    option: 'unsupported',
    value,
    allowed: "'error', 'drop' or 'harmless'",
  })
}
