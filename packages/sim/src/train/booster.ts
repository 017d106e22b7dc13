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

/** ml-xgboost copies the table onto a stack of 5 MB, four bytes a value, and aborts beyond it. */
const tableValuesMax = 1_200_000
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
