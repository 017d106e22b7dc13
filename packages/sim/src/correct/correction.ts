/** The learned correction of one figure: boosted trees, how far they reach, and how wrong they were on what they had not seen. */
import { toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from '../errors.ts'
import { loadTreeModel } from '../trees/tree-model.ts'
import { correctionFeatures, familiarity, placeOf } from './features.ts'

/** Ratios of measured to predicted that nine of ten held-out rows fall between, and how familiar those rows were. */
const spreadSchema = z.strictObject({ low: z.number().positive(), high: z.number().positive(), familiarity: z.number().min(0).max(1) })

/** Kept as text in the attribute `bud-sim` of an XGBoost model, where XGBoost carries it along. */
export const correctionNotesSchema = z.strictObject({
  format: z.literal('bud-sim-correction/1'),
  target: z.enum(['time-per-output-token', 'time-to-first-token']),
  features: z.array(z.string()),
  /** Places of the configurations that training saw, see `placeOf`. */
  seen: z.array(z.array(z.number())).nonempty(),
  /** For configurations that were held out, and for pairs of model and device that were. */
  near: spreadSchema,
  far: spreadSchema,
  /** Largest correction, as a logarithm. */
  largest: z.number().positive(),
  trainedOn: z.string(),
  rows: z.int().positive(),
})
export type CorrectionNotes = z.output<typeof correctionNotesSchema>

export interface Correction {
  readonly notes: CorrectionNotes
  /** What to multiply the analytical value by, and what measured values may be of the product. */
  correct(features: ArrayLike<number>): {
    readonly factor: number
    readonly low: number
    readonly high: number
    readonly familiarity: number
  }
}

const attributesSchema = z.looseObject({
  learner: z.looseObject({ attributes: z.looseObject({ 'bud-sim': z.string() }) }),
})

function parseNotes(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw simErrors.TREE_MODEL_INVALID({ reason: "its attribute 'bud-sim' is no JSON" }, { cause: error })
  }
}

function readNotes(model: unknown): CorrectionNotes {
  const attributes = attributesSchema.safeParse(model)
  if (!attributes.success)
    throw simErrors.TREE_MODEL_INVALID({ reason: "its attribute 'bud-sim' is missing, which says what the trees correct" })
  const notes = correctionNotesSchema.safeParse(parseNotes(attributes.data.learner.attributes['bud-sim']))
  if (!notes.success) {
    const [issue] = toConfigIssues(notes.error)
    throw simErrors.TREE_MODEL_INVALID({ reason: `its attribute 'bud-sim' is wrong: ${issue?.path ?? ''} ${issue?.message ?? ''}` })
  }
  if (notes.data.features.join() !== correctionFeatures.join())
    throw simErrors.TREE_MODEL_INVALID({ reason: 'it was trained with other features than this version computes; train it again' })
  return notes.data
}

/** Between what held-out configurations and held-out pairs showed, by familiarity. */
function spreadAt({ near, far }: CorrectionNotes, familiar: number): { readonly low: number; readonly high: number } {
  const position = near.familiarity <= far.familiarity ? 1 : (familiar - far.familiarity) / (near.familiarity - far.familiarity)
  const share = Math.min(1, Math.max(0, position))
  return { low: far.low * (near.low / far.low) ** share, high: far.high * (near.high / far.high) ** share }
}

/**
 * Reads a correction: the JSON of an XGBoost model whose attribute `bud-sim` holds its notes.
 * @throws SIM_TREE_MODEL_INVALID
 */
export function loadCorrection(model: object): Correction {
  const notes = readNotes(model)
  const trees = loadTreeModel(model)
  return {
    notes,
    correct: (features) => {
      const familiar = familiarity(placeOf(features), notes.seen)
      const margin = trees.predictMargin(features)[0] ?? 0
      const bounded = Math.min(notes.largest, Math.max(-notes.largest, margin))
      return { factor: Math.exp(familiar * bounded), ...spreadAt(notes, familiar), familiarity: familiar }
    },
  }
}
