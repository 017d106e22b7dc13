/** How XGBoost's objectives turn a base score into a margin and margins into predictions, in 32-bit floats. */
import { simErrors } from '../errors.ts'

export interface Objective {
  readonly toMargin: (baseScore: number) => number
  /** Changes the margins in place, or answers fewer values than it was given. */
  readonly toPrediction: (margins: Float32Array) => Float32Array
}

const round = Math.fround
const identity: Objective = { toMargin: (score) => score, toPrediction: (margins) => margins }

const sigmoid = (x: number) => round(1 / round(round(1 + round(Math.exp(round(-Math.max(x, -88.7))))) + 1e-16))
const logit = (score: number) => round(-Math.log(round(round(1 / score) - 1)))

const logistic: Objective = { toMargin: logit, toPrediction: (margins) => margins.map(sigmoid) }
const exponential: Objective = {
  toMargin: (score) => round(Math.log(score)),
  toPrediction: (margins) => margins.map((margin) => Math.exp(margin)),
}

function softmax(margins: Float32Array): Float32Array {
  const largest = margins.reduce((left, right) => Math.max(left, right), Number.NEGATIVE_INFINITY)
  const powers = margins.map((margin) => Math.exp(round(margin - largest)))
  // XGBoost adds the powers up in double precision and divides in single.
  const sum = round(powers.reduce((left, right) => left + right, 0))
  return powers.map((power) => power / sum)
}

function largestIndex(margins: Float32Array): Float32Array {
  let best = 0
  for (const [index, margin] of margins.entries()) if (margin > (margins[best] ?? 0)) best = index
  return Float32Array.of(best)
}

const objectives: Readonly<Record<string, Objective>> = {
  'reg:squarederror': identity,
  'reg:linear': identity,
  'reg:squaredlogerror': identity,
  'reg:pseudohubererror': identity,
  'reg:absoluteerror': identity,
  'reg:quantileerror': identity,
  'rank:pairwise': identity,
  'rank:ndcg': identity,
  'rank:map': identity,
  'binary:logitraw': { toMargin: logit, toPrediction: (margins) => margins },
  'binary:logistic': logistic,
  'reg:logistic': logistic,
  'binary:hinge': { toMargin: (score) => score, toPrediction: (margins) => margins.map((margin) => (margin > 0 ? 1 : 0)) },
  'count:poisson': exponential,
  'reg:gamma': exponential,
  'reg:tweedie': exponential,
  'survival:cox': exponential,
  'survival:aft': exponential,
  'multi:softprob': { toMargin: (score) => score, toPrediction: softmax },
  'multi:softmax': { toMargin: (score) => score, toPrediction: largestIndex },
}

/** @throws SIM_TREE_MODEL_INVALID naming the objectives that are known. */
export function findObjective(name: string): Objective {
  const found = Object.hasOwn(objectives, name) ? objectives[name] : undefined
  if (found === undefined)
    throw simErrors.TREE_MODEL_INVALID({ reason: `its objective '${name}' is not known; known are ${Object.keys(objectives).join(', ')}` })
  return found
}
