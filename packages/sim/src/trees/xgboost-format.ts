/** The shape of a model as XGBoost 1.x to 3.x saves it, checked before anything is read from it. */
import { toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'

const integers = z.array(z.int()).max(limits.treeNodes)
/** Any 32-bit float, so also NaN (as null) and infinity. */
const numbers = z.custom<readonly (number | null)[]>(
  (value) =>
    Array.isArray(value) && value.length <= limits.treeNodes && value.every((entry) => typeof entry === 'number' || entry === null),
  'expected an array of numbers',
)
/** Parameters are strings: "5", "5E-1", and from 3.1 on "[5E-1]". */
const count = z.string().regex(/^\d{1,9}$/)
/** Flags are 0 and 1 up to 1.x, booleans later. */
const flags = z.array(z.union([z.boolean(), z.int()])).max(limits.treeNodes)

const treeSchema = z.looseObject({
  left_children: integers,
  right_children: integers,
  split_indices: integers,
  split_conditions: numbers,
  split_type: integers.optional(),
  default_left: flags,
  base_weights: numbers.optional(),
  leaf_weights: numbers.optional(),
  categories: integers.optional(),
  categories_nodes: integers.optional(),
  categories_segments: integers.optional(),
  categories_sizes: integers.optional(),
  tree_param: z.looseObject({ num_nodes: count, size_leaf_vector: count.optional() }),
})

const gbtreeSchema = z.looseObject({
  model: z.looseObject({
    tree_info: z.array(z.int().nonnegative()).max(limits.trees),
    trees: z.array(treeSchema).max(limits.trees),
  }),
})

const modelSchema = z.looseObject({
  version: z.array(z.int()).optional(),
  learner: z.looseObject({
    feature_names: z.array(z.string()).optional(),
    learner_model_param: z.looseObject({
      base_score: z.string(),
      num_class: count.default('0'),
      num_feature: count,
      num_target: count.default('1'),
    }),
    objective: z.looseObject({ name: z.string() }),
    gradient_booster: z.discriminatedUnion('name', [
      z.looseObject({ name: z.literal('gbtree'), ...gbtreeSchema.shape }),
      z.looseObject({ name: z.literal('dart'), gbtree: gbtreeSchema, weight_drop: z.array(z.number()) }),
    ]),
  }),
})

export type XgboostTree = z.output<typeof treeSchema>
export type XgboostModel = z.output<typeof modelSchema>

/** @throws SIM_TREE_MODEL_INVALID listing what is wrong; a linear booster is said to be one. */
export function checkXgboostModel(value: unknown): XgboostModel {
  const parsed = modelSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = toConfigIssues(parsed.error)
  const shown = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
  throw simErrors.TREE_MODEL_INVALID({
    reason: `it is not in the form that XGBoost's save_model writes for trees (gbtree or dart): ${shown.join('; ')}`,
  })
}
