/** How a model is served, in one vocabulary for all engines. */
import { type ConfigIssue, type ModelSpec, type Precision, precisionSchema, toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from './errors.ts'
import { nativeWeights } from './memory/precision.ts'

const count = z.int().positive()

/**
 * Guessed tokens that one step of the model checks together (arXiv 2211.17192).
 * `mtp` guesses with the checkpoint's own multi-token-prediction layers, `eagle` with one added layer (arXiv 2503.01840), `draft-model`
 * with a small model of the same vocabulary, `ngram` with what stands in the prompt, at no cost.
 */
export const speculativeSchema = z.strictObject({
  method: z.enum(['mtp', 'eagle', 'draft-model', 'ngram']),
  /** Tokens guessed for each step. */
  tokens: z.int().min(1).max(16),
  /** Chance that a guess is right when those before it were; absent: what was published for the method. */
  acceptance: z.number().min(0).max(0.999).optional(),
  /** The Hugging Face id of the draft model or EAGLE head, where the method needs one. */
  draftModel: z.string().min(1).max(200).optional(),
})
export type Speculative = Readonly<z.infer<typeof speculativeSchema>>

export const servingSettingsSchema = z.strictObject({
  /** Devices that share each layer. */
  tensor: count.default(1),
  /** Stages that the layers are split over. */
  pipeline: count.default(1),
  /** Devices that the experts are spread over; 1 splits every expert like other layers. */
  expert: count.default(1),
  /** Copies of the attention layers inside one replica. */
  data: count.default(1),
  /** Absent: that of the checkpoint. */
  weights: precisionSchema.optional(),
  kvCache: precisionSchema.default('bf16'),
  maxSequences: count.default(256),
  maxBatchedTokens: count.default(8192),
  /** Longest request, prompt and answer together. */
  maxModelTokens: count.default(8192),
  /** Share of the device's memory that the engine may use. */
  memoryUtilization: z.number().min(0.05).max(0.99).default(0.9),
  prefixCaching: z.boolean().default(true),
  /** Prompts are cut to what is left of a step's tokens and share it with sequences that decode; otherwise a prompt is a step of its own. */
  chunkedPrefill: z.boolean().default(true),
  /** Tokens of one block of the cache; a sequence's last block is half empty in the mean. */
  blockTokens: z.union([z.literal(1), z.literal(8), z.literal(16), z.literal(32), z.literal(64), z.literal(128)]).default(16),
  speculative: speculativeSchema.optional(),
  /** Coefficient of variation of how often experts are chosen; 0 when a balancer keeps them even. Only read where experts are spread. */
  expertVariation: z.number().min(0).max(10).default(0),
  /** Adapters that may be used at once (LoRA, arXiv 2106.09685), and their rank; each adds to the weights of all linear layers. */
  lora: z.strictObject({ adapters: count, rank: count }).optional(),
})

/** Checked and with defaults; whether the checkpoint's own precision is meant may still be open. */
export type OpenSettings = Readonly<z.infer<typeof servingSettingsSchema>>
/** Complete for one model. */
export type ServingSettings = OpenSettings & { readonly weights: Precision }
export type ServingSettingsInput = Readonly<z.input<typeof servingSettingsSchema>>

const resolved = new WeakMap<object, OpenSettings>()
const closed = new WeakMap<OpenSettings, { readonly native: Precision; readonly settings: ServingSettings }>()

/** Fills in defaults; without `weights` those of the checkpoint are meant, whatever they are. @throws SIM_REQUEST_INVALID listing every wrong field. */
export function resolveSettings(settings: ServingSettingsInput & { readonly weights: Precision }): ServingSettings
export function resolveSettings(settings: object): OpenSettings
export function resolveSettings(settings: object): OpenSettings {
  // Predictions are asked for thousands of times with the same frozen settings.
  const known = resolved.get(settings)
  if (known !== undefined) return known
  const parsed = servingSettingsSchema.safeParse(settings)
  if (!parsed.success) {
    const issues: readonly ConfigIssue[] = toConfigIssues(parsed.error)
    throw simErrors.REQUEST_INVALID({ what: 'serving settings', issues })
  }
  const value: OpenSettings = Object.freeze(parsed.data)
  resolved.set(value, value)
  if (Object.isFrozen(settings)) resolved.set(settings, value)
  return value
}

const isComplete = (settings: OpenSettings): settings is ServingSettings => settings.weights !== undefined

/** The same, with the checkpoint's own precision where none is given. */
export function resolveSettingsFor(model: ModelSpec, settings: object): ServingSettings {
  const open = resolveSettings(settings)
  if (isComplete(open)) return open
  const native = nativeWeights(model)
  const known = closed.get(open)
  if (known?.native === native) return known.settings
  const value = resolveSettings({ ...open, weights: native })
  closed.set(open, { native, settings: value })
  return value
}

/** Devices of one replica. */
export const devicesOf = (settings: Pick<ServingSettings, 'tensor' | 'pipeline' | 'data'>): number =>
  settings.tensor * settings.pipeline * settings.data
