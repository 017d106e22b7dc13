/** Finds spend limits that count calls nobody knows the price of: such calls are free under them. */
import type { ConfigIssue } from '@bud-foundry/core'
import type { ModelConfig } from '../config.ts'
import { matchesName, type KeyRecord } from '../key/key-record.ts'
import type { OwnerRecord } from '../key/owner-record.ts'
import type { TargetPrice } from '../money/price-book.ts'
import type { Limit, LimitRule } from './limit-schema.ts'

/** A model as it is in force. */
export interface PricedModel {
  readonly config: Pick<ModelConfig, 'fallbacks' | 'variants'>
  readonly targets: readonly { readonly target: { readonly id: string }; readonly price: TargetPrice }[]
}
type PricedModels = ReadonlyMap<string, PricedModel>

/** Whose limits are looked at. */
export interface Limited {
  readonly rules: readonly LimitRule[]
  readonly keys?: readonly KeyRecord[] | undefined
  readonly projects?: readonly OwnerRecord[] | undefined
  readonly users?: readonly OwnerRecord[] | undefined
}

/** As many limits as one warning names. */
const namedLimits = 5

/** Ids of the targets without a price that a call of the model may reach: its own, and those of its fallbacks. */
export function unpricedTargets(models: PricedModels, name: string): readonly string[] {
  const reached = new Set([name])
  const targets: string[] = []
  // A set takes what is added while it is gone through, each name once.
  for (const each of reached) {
    const model = models.get(each)
    for (const { target, price } of model?.targets ?? []) if (price.current() === undefined) targets.push(target.id)
    for (const fallback of model?.config.fallbacks ?? []) reached.add(fallback)
  }
  return targets
}

interface SpendLimit {
  readonly where: string
  readonly counts: (names: readonly string[]) => boolean
}

const countsAny = (patterns: readonly string[] | undefined, names: readonly string[]): boolean =>
  patterns === undefined || names.some((name) => matchesName(patterns, name))

function* spendLimits({ rules, keys = [], projects = [], users = [] }: Limited): Generator<SpendLimit> {
  for (const [index, { kind, models }] of rules.entries())
    if (kind === 'spend') yield { where: `rateLimits.rules.${String(index)}`, counts: (names) => countsAny(models, names) }
  const onRecord = function* (what: string, id: string, limits: readonly Limit[] = [], allowed?: readonly string[]): Generator<SpendLimit> {
    for (const { kind, name, models } of limits) {
      if (kind !== 'spend') continue
      yield { where: `${name ?? 'spend'} of the ${what} ${id}`, counts: (names) => countsAny(models, names) && countsAny(allowed, names) }
    }
  }
  for (const { id, limits, models, revokedUnixMs } of keys) if (revokedUnixMs === undefined) yield* onRecord('key', id, limits, models)
  for (const { id, limits } of projects) yield* onRecord('project', id, limits)
  for (const { id, limits } of users) yield* onRecord('user', id, limits)
}

/** The names that callers know a model by: its own, and those of models that it is a variant of. */
function namesOf(models: PricedModels, name: string): readonly string[] {
  const parents = [...models].filter(([, { config }]) => config.variants?.some((variant) => variant.model === name))
  return [name, ...parents.map(([parent]) => parent)]
}

/** One warning for each model without a price that a spend limit counts, naming its targets and the limits. */
export function unpricedWarnings(models: PricedModels, limited: Limited, policy: 'allow' | 'refuse'): readonly ConfigIssue[] {
  const limits = [...spendLimits(limited)]
  if (limits.length === 0) return []
  const warnings: ConfigIssue[] = []
  for (const name of models.keys()) {
    const targets = unpricedTargets(models, name)
    const names = namesOf(models, name)
    const counting = targets.length === 0 ? [] : limits.filter(({ counts }) => counts(names))
    if (counting.length === 0) continue
    const more = counting.length > namedLimits ? ` and ${String(counting.length - namedLimits)} more` : ''
    const where = counting.slice(0, namedLimits).map((limit) => limit.where)
    const effect = policy === 'allow' ? 'its calls are free under' : 'its calls are refused by'
    warnings.push({
      path: `models.${name}`,
      message: `reaches targets without a price (${targets.slice(0, namedLimits).join(', ')}), so that ${effect} the spend limits that count them: ${where.join(', ')}${more}`,
      fix: `set a price beside the model or the target, in prices, or with 'bud-gateway prices put'${policy === 'allow' ? '; or rateLimits.unpriced to refuse' : ''}`,
    })
  }
  return warnings
}
