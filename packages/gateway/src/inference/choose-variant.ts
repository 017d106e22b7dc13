/** Resolves a model with variants to one of them, the same one for the same caller. */
import { hash32 } from '../policies/session-affinity.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import type { ModelEntry } from '../routing/snapshot.ts'

export function chooseVariant(context: RequestContext, entry: ModelEntry, affinityKey: string | undefined): ModelEntry {
  const { variants } = entry.config
  if (variants === undefined) return entry
  let total = 0
  for (const variant of variants) total += variant.weight
  const sticky = affinityKey ?? context.key?.id
  const share = sticky === undefined ? context.services.random.next() : hash32(`${entry.name}\n${sticky}`) / 4_294_967_296
  let mark = share * total
  let chosen = variants[0]
  for (const variant of variants) {
    chosen = variant
    mark -= variant.weight
    if (mark < 0) break
  }
  // The snapshot was refused if a variant named a model that is not there.
  return context.services.snapshot.models.get(chosen?.model ?? '') ?? entry
}
