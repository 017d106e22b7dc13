/** Loads a model that XGBoost saved and predicts with it, bit for bit as XGBoost does. */
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import { addLeaves, createForest } from './forest.ts'
import { findObjective } from './objective.ts'
import { decodeUbjson } from './ubjson.ts'
import { checkXgboostModel } from './xgboost-format.ts'

/** Boosted trees, ready to predict. */
export interface TreeModel {
  /** Empty when the model was trained without names. */
  readonly featureNames: readonly string[]
  readonly features: number
  /** Values in one prediction: 1, or one for each class or target. */
  readonly outputs: number
  readonly trees: number
  readonly objective: string
  /** The sum of the leaves for each output. NaN, or a value beyond the end, is missing; categories are their codes. */
  predictMargin(features: ArrayLike<number>): Float32Array
  /** What the objective makes of the margins: probabilities for a logistic one, and so on. */
  predict(features: ArrayLike<number>): Float32Array
}

/** "5E-1", or from XGBoost 3.1 on "[5E-1]" with one number for each output. */
function parseBaseScores(text: string, outputs: number): readonly number[] {
  const scores = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(Number)
  if (scores.some((score) => !Number.isFinite(score)) || (scores.length !== 1 && scores.length !== outputs))
    throw simErrors.TREE_MODEL_INVALID({ reason: `its base_score is '${text}', not a number for each of ${String(outputs)} outputs` })
  return scores
}

/** XGBoost writes NaN and Infinity as such, which JSON does not know. Strings are left alone. */
function parseText(text: string): unknown {
  const plain = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : found.endsWith('NaN') ? 'null' : found.replace('Infinity', '1e999'),
  )
  try {
    return JSON.parse(plain)
  } catch (error) {
    throw simErrors.TREE_MODEL_INVALID({ reason: `it is no JSON: ${error instanceof Error ? error.message : String(error)}` })
  }
}

function decode(content: string | Uint8Array | object): unknown {
  if (typeof content === 'string') return parseText(content)
  if (!(content instanceof Uint8Array)) return content
  if (content.length > limits.treeModelBytes)
    throw simErrors.TREE_MODEL_INVALID({ reason: `it has ${String(content.length)} bytes; the most is ${String(limits.treeModelBytes)}` })
  // Both forms begin with a brace; a name in quotes or white space follows in JSON, a length or a bracket's type in UBJSON.
  const second = content[1]
  const isText = content[0] === 0x7b && (second === 0x22 || second === 0x0a || second === 0x20 || second === 0x0d || second === 0x09)
  if (isText) return parseText(new TextDecoder().decode(content))
  return decodeUbjson(content)
}

/**
 * Reads what `save_model` of XGBoost 1.x to 3.x wrote: the text or the bytes of a `.json` or `.ubj` file, or the object that the JSON holds.
 * Trees with numeric and categorical splits, DART, forests, several classes or targets and leaves of vectors.
 * @throws SIM_TREE_MODEL_INVALID saying what is wrong; the old binary format and linear boosters are refused.
 */
export function loadTreeModel(content: string | Uint8Array | object): TreeModel {
  const { learner } = checkXgboostModel(decode(content))
  const parameters = learner.learner_model_param
  const booster = learner.gradient_booster
  const { model } = booster.name === 'dart' ? booster.gbtree : booster
  const features = Number(parameters.num_feature)
  const outputs = Math.max(1, Number(parameters.num_class), Number(parameters.num_target))
  const objective = findObjective(learner.objective.name)
  const forest = createForest({
    trees: model.trees,
    outputOf: model.tree_info,
    weightOf: booster.name === 'dart' ? booster.weight_drop : undefined,
    features,
    outputs,
  })
  const scores = parseBaseScores(parameters.base_score, outputs)
  const base = Float32Array.from({ length: outputs }, (_, output) => objective.toMargin(Math.fround(scores[output] ?? scores[0] ?? 0)))
  // Features are compared as 32-bit floats. Predicting is synchronous, so that one buffer serves every call.
  const singles = new Float32Array(features)
  const predictMargin = (row: ArrayLike<number>) => {
    for (let index = 0; index < features; index += 1) singles[index] = row[index] ?? Number.NaN
    const sums = base.slice()
    addLeaves(forest, singles, sums)
    return sums
  }
  return {
    featureNames: learner.feature_names ?? [],
    features,
    outputs,
    trees: forest.roots.length,
    objective: learner.objective.name,
    predictMargin,
    predict: (row) => objective.toPrediction(predictMargin(row)),
  }
}
