/** Turns the binary that ml-xgboost's engine (XGBoost 0.7) saves into trees of today's JSON form. */
import { simErrors } from '../errors.ts'

/** One tree in XGBoost's JSON form. */
export interface JsonTree {
  readonly left_children: number[]
  readonly right_children: number[]
  readonly parents: number[]
  readonly split_indices: number[]
  readonly split_conditions: number[]
  readonly default_left: number[]
  readonly base_weights: number[]
  readonly loss_changes: number[]
  readonly sum_hessian: number[]
}

// Sizes of the structures as dmlc/xgboost v0.7 writes them to disk: parameters of the learner, of the booster, of a tree; a node; its statistics.
const learnerBytes = 136
const boosterBytes = 160
const treeBytes = 148
const nodeBytes = 20
const statisticsBytes = 16
const noParent = -1

/** @throws SIM_TRAINING_FAILED when the bytes are not such a model. */
export function readLegacyModel(bytes: Uint8Array): {
  readonly baseScore: number
  readonly features: number
  readonly trees: readonly JsonTree[]
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    let position = learnerBytes
    const baseScore = view.getFloat32(0, true)
    const features = view.getUint32(4, true)
    // Two strings, the objective and the booster, each behind its 64-bit length.
    for (let name = 0; name < 2; name += 1) position += 8 + Number(view.getBigUint64(position, true))
    const count = view.getInt32(position, true)
    position += boosterBytes
    const trees: JsonTree[] = []
    for (let tree = 0; tree < count; tree += 1) {
      const nodes = view.getInt32(position + 4, true)
      position += treeBytes
      trees.push(readTree(view, position, nodes))
      position += nodes * (nodeBytes + statisticsBytes)
    }
    return { baseScore, features, trees }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw simErrors.TRAINING_FAILED({ reason: 'the engine saved a model that cannot be read' })
  }
}

function readTree(view: DataView, start: number, nodes: number): JsonTree {
  const tree: JsonTree = {
    left_children: [],
    right_children: [],
    parents: [],
    split_indices: [],
    split_conditions: [],
    default_left: [],
    base_weights: [],
    loss_changes: [],
    sum_hessian: [],
  }
  for (let node = 0; node < nodes; node += 1) {
    const at = start + node * nodeBytes
    const statistics = start + nodes * nodeBytes + node * statisticsBytes
    const parent = view.getInt32(at, true)
    const split = view.getUint32(at + 12, true)
    const left = view.getInt32(at + 4, true)
    tree.left_children.push(left)
    tree.right_children.push(left === -1 ? -1 : view.getInt32(at + 8, true))
    // The highest bit of a parent says which child this is; JSON marks the root with a constant.
    tree.parents.push(parent === noParent ? 2_147_483_647 : parent & 0x7fffffff)
    tree.split_indices.push(left === -1 ? 0 : split & 0x7fffffff)
    tree.default_left.push(left !== -1 && split >>> 31 === 1 ? 1 : 0)
    tree.split_conditions.push(view.getFloat32(at + 16, true))
    tree.loss_changes.push(view.getFloat32(statistics, true))
    tree.sum_hessian.push(view.getFloat32(statistics + 4, true))
    tree.base_weights.push(view.getFloat32(statistics + 8, true))
  }
  return tree
}
