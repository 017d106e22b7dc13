/** Writes trees as the JSON that XGBoost itself saves and loads. */
import type { JsonTree } from './legacy-model.ts'

/** The shortest decimal that reads back as the same 32-bit float. */
function shorten(value: number): number {
  const single = Math.fround(value)
  for (let digits = 1; digits <= 9; digits += 1) {
    const short = Number(single.toPrecision(digits))
    if (Math.fround(short) === single) return short
  }
  return single
}

/** Statistics are for people; two digits are plenty. */
const roughly = (value: number) => Number(value.toPrecision(2))

/**
 * One model that adds all trees up; with several bags, their mean, because every leaf is divided by their number.
 * Trees of one bag stay in their order.
 */
export function toXgboostJson(options: {
  readonly bags: readonly (readonly JsonTree[])[]
  readonly featureNames: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
}): object {
  const { bags, featureNames, attributes } = options
  const trees = bags.flat()
  return {
    learner: {
      attributes,
      feature_names: featureNames,
      feature_types: featureNames.map(() => 'float'),
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: '1', num_trees: String(trees.length), size_leaf_vector: '0' },
          tree_info: trees.map(() => 0),
          trees: trees.map((tree, id) => toTree(tree, { id, features: featureNames.length, divisor: bags.length })),
        },
        name: 'gbtree',
      },
      learner_model_param: {
        base_score: '0',
        boost_from_average: '0',
        num_class: '0',
        num_feature: String(featureNames.length),
        num_target: '1',
      },
      objective: { name: 'reg:squarederror', reg_loss_param: { scale_pos_weight: '1' } },
    },
    version: [1, 7, 6],
  }
}

/** XGBoost tells integers from floats by how they are written, and refuses `0` where it expects `0E0`. */
const floatFields: ReadonlySet<string> = new Set(['base_weights', 'loss_changes', 'split_conditions', 'sum_hessian'])
const mark = '@floats@'

/** The text of a model's file, as every XGBoost from 1.x on loads it. */
export function toXgboostText(model: object): string {
  const toFloat = (value: number) => (Number.isInteger(value) ? `${String(value)}E0` : String(value))
  const text = JSON.stringify(model, (name, value: unknown) =>
    floatFields.has(name) && Array.isArray(value) ? `${mark}${value.map((entry) => toFloat(Number(entry))).join(',')}${mark}` : value,
  )
  return text.replaceAll(new RegExp(`"${mark}([^"@]*)${mark}"`, 'g'), '[$1]')
}

function toTree(tree: JsonTree, options: { readonly id: number; readonly features: number; readonly divisor: number }): object {
  const { id, features, divisor } = options
  const leaf = (node: number) => tree.left_children[node] === -1
  return {
    base_weights: tree.base_weights.map(() => 0),
    categories: [],
    categories_nodes: [],
    categories_segments: [],
    categories_sizes: [],
    default_left: tree.default_left,
    id,
    left_children: tree.left_children,
    loss_changes: tree.loss_changes.map(roughly),
    parents: tree.parents,
    right_children: tree.right_children,
    split_conditions: tree.split_conditions.map((value, node) => shorten(leaf(node) ? value / divisor : value)),
    split_indices: tree.split_indices,
    split_type: tree.left_children.map(() => 0),
    sum_hessian: tree.sum_hessian.map(roughly),
    tree_param: {
      num_deleted: '0',
      num_feature: String(features),
      num_nodes: String(tree.left_children.length),
      size_leaf_vector: '0',
    },
  }
}
