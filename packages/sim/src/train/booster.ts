/** Trains boosted trees with ml-xgboost, within the limits of the engine of 2018 that it holds. */
import { createRequire } from 'node:module'
import { simErrors } from '../errors.ts'
import { readLegacyModel, type JsonTree } from './legacy-model.ts'

export interface BoosterOptions {
  readonly depth: number
  readonly trees: number
  readonly learningRate: number
  readonly rowShare: number
  readonly featureShare: number
  readonly minimumChildWeight: number
  readonly regularization: number
  readonly seed: number
}

/**
 * How much of an error counts: the square inside a bound, the bound itself outside, so that a few rows that nothing explains move little.
 * The bound falls from tree to tree, from coarse to fine.
 */
export interface RobustLoss {
  readonly firstBound: number
  readonly lastBound: number
  /** 0 counts factors too high and too low alike; 1 counts errors as shares of the measured value, where too high weighs more. */
  readonly tilt: number
}

/** ml-xgboost copies the table onto a stack of 5 MB, four bytes a value, and aborts beyond it. */
export const tableValuesMax = 1_200_000
/** It takes this value for a missing one, whatever it is told. */
const missing = -1

interface Engine {
  train(table: readonly (readonly number[])[], targets: readonly number[]): void
  toJSON(): { readonly model: readonly number[] }
  free(): void
}
type EngineClass = new (options: Readonly<Record<string, string | number>>) => Engine

let engine: Promise<EngineClass> | undefined

/** Its loader tries `fetch` on a file path first and reports that on the console; without streaming it reads the file at once. */
async function loadEngine(): Promise<EngineClass> {
  const assembly: unknown = Reflect.get(globalThis, 'WebAssembly')
  if (typeof assembly !== 'object' || assembly === null)
    throw simErrors.TRAINING_FAILED({ reason: 'this JavaScript engine has no WebAssembly' })
  const streaming = Object.getOwnPropertyDescriptor(assembly, 'instantiateStreaming')
  Reflect.deleteProperty(assembly, 'instantiateStreaming')
  try {
    // The package exports a promise; `import` would take the module itself for one.
    return await (createRequire(import.meta.url)('ml-xgboost') as PromiseLike<EngineClass>) // Version 1.1 is an untyped CommonJS module of this shape.
  } finally {
    if (streaming !== undefined) Object.defineProperty(assembly, 'instantiateStreaming', streaming)
  }
}

/** NaN is missing for us and aborts the engine; a value that it would take for missing is moved by the least that 32 bits can. */
const toEngineValue = (value: number): number => (Number.isNaN(value) ? missing : Math.fround(value) === missing ? -0.99999994 : value)

/**
 * Trees for the mean of the targets' squared error, starting from 0.
 * @throws SIM_TRAINING_FAILED when the table is too large for the engine, is empty, or holds a target that is no number.
 */
export async function trainBooster(
  table: readonly ArrayLike<number>[],
  targets: readonly number[],
  options: BoosterOptions,
): Promise<readonly JsonTree[]> {
  const columns = table[0]?.length ?? 0
  if (table.length === 0 || columns === 0) throw simErrors.TRAINING_FAILED({ reason: 'there are no rows to train on' })
  if (table.length * columns > tableValuesMax)
    throw simErrors.TRAINING_FAILED({
      reason: `${String(table.length)} rows of ${String(columns)} features are more than the ${String(tableValuesMax)} values that ml-xgboost 1.1 can hold; use fewer rows, or train with another XGBoost and load its model`,
    })
  if (targets.length !== table.length || targets.some((target) => !Number.isFinite(target)))
    throw simErrors.TRAINING_FAILED({ reason: 'every row needs a finite target' })
  engine ??= loadEngine()
  const Booster = await engine
  const booster = new Booster({
    booster: 'gbtree',
    // The name of squared error before 2019; the engine aborts on the newer one.
    objective: 'reg:linear',
    tree_method: 'exact',
    base_score: 0,
    silent: 1,
    max_depth: options.depth,
    iterations: options.trees,
    eta: options.learningRate,
    subsample: options.rowShare,
    colsample_bytree: options.featureShare,
    min_child_weight: options.minimumChildWeight,
    lambda: options.regularization,
    seed: options.seed,
  })
  try {
    booster.train(
      table.map((row) => Array.from(row, toEngineValue)),
      targets,
    )
    return readLegacyModel(Uint8Array.from(booster.toJSON().model)).trees
  } finally {
    booster.free()
  }
}

/** Trees between which the targets are renewed: ml-xgboost knows squared error alone, so each group of trees learns what the ones before left. */
const treesPerStage = 5
/** After this share of the stages the bound stays where it is. */
const fallingShare = 0.6
/** Errors beyond this do not tilt further. */
const maximumTilt = 0.7

const clip = (value: number, largest: number): number => Math.min(largest, Math.max(-largest, value))

/**
 * The same for a robust loss.
 * @throws SIM_TRAINING_FAILED as `trainBooster`.
 */
export async function trainRobustBooster(
  table: readonly ArrayLike<number>[],
  targets: readonly number[],
  options: BoosterOptions & { readonly loss: RobustLoss },
): Promise<readonly JsonTree[]> {
  const { loss, trees, seed } = options
  const stages = Math.max(1, Math.ceil(trees / treesPerStage))
  const learned: JsonTree[] = []
  const left = [...targets]
  for (let stage = 0; stage < stages; stage += 1) {
    const progress = Math.min(1, stage / stages / fallingShare)
    const bound = loss.firstBound * (loss.lastBound / loss.firstBound) ** progress
    const gradients = left.map((error) => clip(error, bound) * Math.exp(-loss.tilt * clip(error, maximumTilt)))
    const size = Math.min(treesPerStage, trees - learned.length)
    const added = await trainBooster(table, gradients, { ...options, trees: size, seed: seed + stage * 101 })
    for (const [index, row] of table.entries()) left[index] = (left[index] ?? 0) - added.reduce((sum, tree) => sum + valueOf(tree, row), 0)
    learned.push(...added)
  }
  return learned
}

/** What one tree adds for a row. */
function valueOf(tree: JsonTree, row: ArrayLike<number>): number {
  let node = 0
  while (tree.left_children[node] !== -1) {
    const value = Math.fround(toEngineValue(row[tree.split_indices[node] ?? 0] ?? Number.NaN))
    const goesLeft = value === missing ? tree.default_left[node] === 1 : value < (tree.split_conditions[node] ?? 0)
    node = (goesLeft ? tree.left_children[node] : tree.right_children[node]) ?? 0
  }
  return tree.split_conditions[node] ?? 0
}
