/** Whether pods of ours may run on a node. */
import type { NodeFields } from './node-schemas.ts'

export interface Toleration {
  readonly key?: string | undefined
  readonly operator?: string | undefined
  readonly value?: string | undefined
  readonly effect?: string | undefined
}

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable']

/** As the scheduler matches them: an empty key with Exists tolerates everything, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: NodeFields['spec']['taints'][number]): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false
  const exists = toleration.operator === 'Exists'
  if (toleration.key === undefined || toleration.key === '') return exists
  return toleration.key === taint.key && (exists || (toleration.value ?? '') === taint.value)
}

/** Undefined when pods with these tolerations may be scheduled there, otherwise why not. */
export function whyUnschedulable({ spec, status }: NodeFields, tolerations: readonly Toleration[]): string | undefined {
  if (spec.unschedulable) return 'it is cordoned'
  if (!status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return 'it is not ready'
  const pressure = status.conditions.find(({ type, status: is }) => pressures.includes(type) && is === 'True')
  if (pressure !== undefined) return `it reports ${pressure.type}`
  const taint = spec.taints.find(
    (candidate) => candidate.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, candidate)),
  )
  return taint === undefined ? undefined : `its taint ${taint.key}:${taint.effect} is not tolerated`
}
