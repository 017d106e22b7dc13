/** What the commands for keys check in their options. */
import { problem } from './parse-words.ts'

export const expiryDaysMax = 3_650
const dayMs = 86_400_000

/** What a key may be good for here: a misspelt scope would open nothing, and say so to nobody. */
const scopes: readonly string[] = ['inference', 'metrics', 'admin']

export function checkScopes(given: readonly string[] | undefined): readonly string[] | undefined {
  for (const scope of given ?? []) {
    if (!scopes.includes(scope)) throw problem('--scope', `is '${scope}'; use ${scopes.join(', ')}`)
  }
  return given
}

export const daysFromNow = (nowMs: number, days: number | undefined): number | undefined =>
  days === undefined ? undefined : nowMs + days * dayMs
