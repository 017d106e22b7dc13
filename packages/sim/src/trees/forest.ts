/** Trees flattened into typed arrays, and the walk through them that adds up leaves exactly as XGBoost does. */
import { simErrors } from '../errors.ts'
import type { XgboostTree } from './xgboost-format.ts'

/** What a node does, in `Forest.kind`. */
const leaf = 0
const numeric = 1
const categorical = 2

/** All trees of a model, node after node. Children are positions in these arrays. */
export interface Forest {
  readonly roots: Int32Array
  /** Which output each tree adds to; all of them from 0 on when its leaves are vectors. */
  readonly outputOf: Int32Array
  /** What each tree's leaves are multiplied by: 1 unless the booster is DART. */
  readonly weightOf: Float32Array
  readonly kind: Uint8Array
  readonly feature: Int32Array
  /** Threshold of a numeric split, value of a leaf. */
  readonly value: Float32Array
  /** The left child; the right one follows it. */
  readonly left: Int32Array
  /** Whether a missing value goes right: 0 or 1. */
  readonly missingRight: Uint8Array
  /** The categories that go right, for the nodes that split by category. */
  readonly categories: ReadonlyMap<number, ReadonlySet<number>>
  /** Leaves that hold one value for each output. */
  readonly vectors: ReadonlyMap<number, Float32Array>
}

const fail = (tree: number, reason: string) => simErrors.TREE_MODEL_INVALID({ reason: `tree ${String(tree)} ${reason}` })

/** Every node must be reached once from the root at most: otherwise a walk might not end. */
function checkShape(tree: XgboostTree, index: number, features: number): void {
  const nodes = tree.left_children.length
  if (nodes === 0) throw fail(index, 'has no nodes')
  for (const name of ['right_children', 'split_indices', 'split_conditions', 'default_left'] as const)
    if (tree[name].length !== nodes && !(name === 'split_conditions' && tree.leaf_weights !== undefined))
      throw fail(index, `has ${String(nodes)} nodes and ${String(tree[name].length)} ${name}`)
  const seen = new Uint8Array(nodes)
  const open = [0]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen[node] === 1) throw fail(index, `reaches node ${String(node)} twice`)
    seen[node] = 1
    const left = tree.left_children[node] ?? -1
    if (left === -1) continue
    const right = tree.right_children[node] ?? -1
    if (left < 0 || left >= nodes || right < 0 || right >= nodes) throw fail(index, `has a child of node ${String(node)} that is no node`)
    const feature = tree.split_indices[node] ?? -1
    if (feature < 0 || feature >= features) throw fail(index, `splits by feature ${String(feature)}, but the model has ${String(features)}`)
    open.push(left, right)
  }
}

function categorySets(tree: XgboostTree): ReadonlyMap<number, ReadonlySet<number>> {
  const { categories = [], categories_nodes = [], categories_segments = [], categories_sizes = [] } = tree
  return new Map(
    categories_nodes.map((node, position) => {
      const start = categories_segments[position] ?? 0
      return [node, new Set(categories.slice(start, start + (categories_sizes[position] ?? 0)))]
    }),
  )
}

/** @throws SIM_TREE_MODEL_INVALID when a tree is no tree. */
export function createForest(options: {
  readonly trees: readonly XgboostTree[]
  readonly outputOf: readonly number[]
  readonly weightOf: readonly number[] | undefined
  readonly features: number
  readonly outputs: number
}): Forest {
  const { trees, outputOf, weightOf, features, outputs } = options
  if (outputOf.length !== trees.length || (weightOf !== undefined && weightOf.length !== trees.length))
    throw simErrors.TREE_MODEL_INVALID({ reason: 'it has not one tree_info (and, with DART, one weight_drop) for each tree' })
  const total = trees.reduce((sum, tree) => sum + tree.left_children.length, 0)
  const kind = new Uint8Array(total)
  const feature = new Int32Array(total)
  const value = new Float32Array(total)
  const left = new Int32Array(total)
  const missingRight = new Uint8Array(total)
  const categories = new Map<number, ReadonlySet<number>>()
  const vectors = new Map<number, Float32Array>()
  const roots = new Int32Array(trees.length)
  let base = 0
  for (const [index, tree] of trees.entries()) {
    checkShape(tree, index, features)
    if ((outputOf[index] ?? 0) >= outputs) throw fail(index, `adds to output ${String(outputOf[index])} of ${String(outputs)}`)
    roots[index] = base
    const width = Math.max(1, Number(tree.tree_param.size_leaf_vector ?? '1'))
    if (width > 1 && width !== outputs) throw fail(index, `has leaves of ${String(width)} values for ${String(outputs)} outputs`)
    const sets = categorySets(tree)
    // Nodes are laid out anew from the root on, with the two children of each side by side.
    const order = [0]
    for (let position = 0; position < order.length; position += 1) {
      const node = order[position] ?? 0
      const at = base + position
      value[at] = tree.split_conditions[node] ?? Number.NaN
      const child = tree.left_children[node] ?? -1
      if (child === -1) {
        kind[at] = leaf
        if (width > 1) vectors.set(at, leafVector(tree, node, width))
        continue
      }
      left[at] = base + order.length
      order.push(child, tree.right_children[node] ?? 0)
      feature[at] = tree.split_indices[node] ?? 0
      // 1 and true both mean left.
      missingRight[at] = Number(tree.default_left[node]) === 1 ? 0 : 1
      kind[at] = tree.split_type?.[node] === 1 ? categorical : numeric
      if (kind[at] === categorical) categories.set(at, sets.get(node) ?? new Set())
    }
    base += tree.left_children.length
  }
  return {
    roots,
    outputOf: Int32Array.from(outputOf),
    weightOf: Float32Array.from(weightOf ?? trees.map(() => 1)),
    kind,
    feature,
    value,
    left,
    missingRight,
    categories,
    vectors,
  }
}

/** From 3.2 on the vectors of the leaves alone are kept, and `right_children` of a leaf says which; before, those of all nodes. */
function leafVector(tree: XgboostTree, node: number, width: number): Float32Array {
  const { leaf_weights, base_weights = [] } = tree
  if (leaf_weights === undefined || leaf_weights.length === 0)
    return Float32Array.from(base_weights.slice(node * width, (node + 1) * width), (weight) => weight ?? Number.NaN)
  const position = tree.right_children[node] ?? 0
  return Float32Array.from(leaf_weights.slice(position * width, (position + 1) * width), (weight) => weight ?? Number.NaN)
}

/** The node at which a walk ends; NaN is missing. */
function findLeaf(forest: Forest, root: number, features: Float32Array): number {
  const { kind, feature, value, left, missingRight } = forest
  let node = root
  for (let type = kind[node] ?? leaf; type !== leaf; type = kind[node] ?? leaf) {
    const given = features[feature[node] ?? 0] ?? Number.NaN
    let right: number
    if (given !== given) right = missingRight[node] ?? 0
    else if (type === numeric) right = given < (value[node] ?? 0) ? 0 : 1
    else right = goesRight(forest, node, given) ? 1 : 0
    node = (left[node] ?? 0) + right
  }
  return node
}

/** A category in the node's set goes right; one outside of it, or no valid category at all, goes left. */
function goesRight(forest: Forest, node: number, given: number): boolean {
  return given >= 0 && given < 16_777_216 && (forest.categories.get(node)?.has(Math.trunc(given)) ?? false)
}

/** Adds every tree's leaf to the sums, in 32-bit floats and in the order of the trees. */
export function addLeaves(forest: Forest, features: Float32Array, sums: Float32Array): void {
  const { roots, outputOf, weightOf, value, vectors } = forest
  const plain = vectors.size === 0
  for (let tree = 0; tree < roots.length; tree += 1) {
    const end = findLeaf(forest, roots[tree] ?? 0, features)
    const weight = weightOf[tree] ?? 1
    if (plain) {
      const output = outputOf[tree] ?? 0
      sums[output] = (sums[output] ?? 0) + (weight === 1 ? (value[end] ?? 0) : Math.fround((value[end] ?? 0) * weight))
      continue
    }
    const vector = vectors.get(end)
    for (let output = 0; output < sums.length; output += 1)
      sums[output] = (sums[output] ?? 0) + Math.fround((vector?.[output] ?? 0) * weight)
  }
}
