/** How a model is served, in one vocabulary for all engines. */
import { type ConfigIssue, type ModelSpec, precisionSchema, toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from './errors.ts'
import { nativeWeights } from './memory/precision.ts'

const count = z.int().positive()

export const servingSettingsSchema = z.strictObject({
  /** Devices that share each layer. */
  tensor: count.default(1),
  /** Stages that the layers are split over. */
  pipeline: count.default(1),
  /** Devices that the experts are spread over; 1 splits every expert like other layers. */
  expert: count.default(1),
  /** Copies of the attention layers inside one replica. */
  data: count.default(1),
  weights: precisionSchema.default('bf16'),
  kvCache: precisionSchema.default('bf16'),
  maxSequences: count.default(256),
  maxBatchedTokens: count.default(8192),
  /** Longest request, prompt and answer together. */
  maxModelTokens: count.default(8192),
  /** Share of the device's memory that the engine may use. */
  memoryUtilization: z.number().min(0.05).max(0.99).default(0.9),
  prefixCaching: z.boolean().default(true),
})

export type ServingSettings = Readonly<z.infer<typeof servingSettingsSchema>>
export type ServingSettingsInput = Readonly<z.input<typeof servingSettingsSchema>>

const resolved = new WeakMap<object, ServingSettings>()

/** Fills in defaults. @throws SIM_REQUEST_INVALID listing every wrong field. */
export function resolveSettings(settings: object): ServingSettings {
  // Predictions are asked for thousands of times with the same frozen settings.
  const known = resolved.get(settings)
  if (known !== undefined) return known
  const parsed = servingSettingsSchema.safeParse(settings)
  if (!parsed.success) {
    const issues: readonly ConfigIssue[] = toConfigIssues(parsed.error)
    throw simErrors.REQUEST_INVALID({ what: 'serving settings', issues })
  }
  const value = Object.freeze(parsed.data)
  resolved.set(value, value)
  if (Object.isFrozen(settings)) resolved.set(settings, value)
  return value
}

/** The same, with the checkpoint's own precision where none is given. */
export function resolveSettingsFor(model: ModelSpec, settings: object): ServingSettings {
  return resolved.get(settings) ?? resolveSettings({ weights: nativeWeights(model), ...settings })
}

/** Devices of one replica. */
export const devicesOf = (settings: Pick<ServingSettings, 'tensor' | 'pipeline' | 'data'>): number =>
  settings.tensor * settings.pipeline * settings.data
