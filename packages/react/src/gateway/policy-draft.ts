/** The routing part of a configuration as it is edited, and its replay on recorded requests. Pure. */
import type { RequestEvent } from '@bud-foundry/core'

export interface DraftTarget {
  readonly id: string
  /** As it was typed. */
  readonly weight: string
}

export interface RoutedModel {
  readonly name: string
  readonly policy: string
  readonly targets: readonly DraftTarget[]
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : [])
const idOf = (target: Fields) =>
  typeof target['id'] === 'string' ? target['id'] : `${String(target['provider'])}/${String(target['model'])}`

/** A number of at least 0, as it was typed. */
export function isWeight(text: string): boolean {
  return text.trim() !== '' && Number(text) >= 0 && Number.isFinite(Number(text))
}

/** Models with targets, by name. */
export function readModels(config: unknown): readonly RoutedModel[] {
  return Object.entries(fieldsOf(fieldsOf(config)['models'])).map(([name, value]) => {
    const model = fieldsOf(value)
    return {
      name,
      policy: typeof model['policy'] === 'string' ? model['policy'] : 'weighted',
      targets: listOf(model['targets']).map((target) => ({
        id: idOf(target),
        weight: String(typeof target['weight'] === 'number' ? target['weight'] : 1),
      })),
    }
  })
}

/** The configuration with one model's routing replaced; everything else stays as it was read. */
export function toConfig(config: unknown, { name, policy, targets }: RoutedModel): Fields {
  const models = fieldsOf(fieldsOf(config)['models'])
  const model = fieldsOf(models[name])
  const known = new Map(listOf(model['targets']).map((target) => [idOf(target), target]))
  const next = targets.map(({ id, weight }) => ({ ...known.get(id), weight: Number(weight) }))
  return { ...fieldsOf(config), models: { ...models, [name]: { ...model, policy, targets: next } } }
}

export interface DryRunRow {
  readonly id: string
  readonly was: number
  /** Absent where the policy decides by what only the moment knows: load, latency, content. */
  readonly wouldBe: number | undefined
}

/**
 * How recorded requests would have been spread. `weighted` and `round-robin` follow from weights alone; with `priority` a request goes to the
 * first target, and to the next one as often as the record shows the one before it failing.
 */
export function toDryRun(recorded: readonly RequestEvent[], policy: string, targets: readonly DraftTarget[]): readonly DryRunRow[] {
  const count = Math.max(recorded.length, 1)
  const was = (id: string) => recorded.filter(({ targetId }) => targetId === id).length / count
  const expected = toExpected(recorded, policy, targets)
  return targets.map(({ id }, index) => ({ id, was: was(id), wouldBe: expected?.[index] }))
}

function toExpected(recorded: readonly RequestEvent[], policy: string, targets: readonly DraftTarget[]): readonly number[] | undefined {
  if (policy === 'round-robin') return targets.map(() => 1 / targets.length)
  if (policy === 'weighted') {
    const weights = targets.map(({ weight }) => Math.max(Number(weight), 0) || 0)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return total > 0 ? weights.map((weight) => weight / total) : undefined
  }
  if (policy !== 'priority') return undefined
  let left = 1
  return targets.map(({ id }, index) => {
    const isLast = index === targets.length - 1
    const share = isLast ? left : left * (1 - failureShare(recorded, id))
    left -= share
    return share
  })
}

function failureShare(recorded: readonly RequestEvent[], id: string): number {
  const tries = recorded.flatMap(({ attempts }) => attempts.filter(({ targetId }) => targetId === id))
  return tries.length === 0 ? 0 : tries.filter(({ outcome }) => outcome === 'error').length / tries.length
}
