/** Well-known architectures under their Hugging Face names, so that nothing is downloaded. */
import { parseModelConfig, type ModelSpec } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { findSimilar } from '../similar-names.ts'
import described from './known-models.json' with { type: 'json' }
import relatives from './model-relatives.json' with { type: 'json' }

const own: ReadonlyMap<string, object> = new Map(Object.entries(described))

/** Checkpoints of an architecture that is described under another name: base models, later versions, quantized copies. */
const related = Object.entries(relatives).map(([id, { like, ...differences }]) => [id, { ...own.get(like), ...differences }] as const)

const configs: ReadonlyMap<string, object> = new Map([...own, ...related])
const byLowerName = new Map([...configs].map(([id, config]) => [id.toLowerCase(), { id, config }] as const))
const shortNames = new Map([...byLowerName].map(([name, entry]) => [name.slice(name.indexOf('/') + 1), entry] as const))
const parsed = new Map<string, ModelSpec>()

/** The Hugging Face ids of all built-in models. */
export const listModels = (): readonly string[] => [...configs.keys()]

/** A built-in model by its Hugging Face id, with or without the organisation, in any case. @throws SIM_MODEL_UNKNOWN naming similar ids. */
export function findModel(id: string): ModelSpec {
  const lower = id.toLowerCase()
  const entry = byLowerName.get(lower) ?? shortNames.get(lower)
  if (entry === undefined) throw simErrors.MODEL_UNKNOWN({ model: id, similar: findSimilar(id, listModels()) })
  const known = parsed.get(entry.id)
  if (known !== undefined) return known
  const spec = Object.freeze(parseModelConfig(entry.id, entry.config))
  parsed.set(entry.id, spec)
  return spec
}
