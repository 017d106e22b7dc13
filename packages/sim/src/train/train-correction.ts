/** Trains the correction of each figure, and measures it on what it has not seen. */
import type { Interval } from '@bud-foundry/core'
import { correctionFeatures, familiarity, placeOf } from '../correct/features.ts'
import type { CorrectionNotes } from '../correct/correction.ts'
import { simErrors } from '../errors.ts'
import { quantile, scorePairs, type Score } from '../validate/score.ts'
import { loadTreeModel } from '../trees/tree-model.ts'
import { trainRobustBooster, type BoosterOptions, type RobustLoss } from './booster.ts'
import type { JsonTree } from './legacy-model.ts'
import { toXgboostJson } from './model-json.ts'
import { correctionTargets, type CorrectionTarget, type TrainingSample } from './samples.ts'

export interface TrainingOptions {
  /** Where the rows are from; kept in the model. */
  readonly trainedOn: string
  /** Models that are averaged, each of another random share of the rows. */
  readonly bags?: number
  /** Parts into which configurations are dealt for validation; each is predicted by models of the others. */
  readonly folds?: number
  readonly booster?: Partial<BoosterOptions>
  readonly onProgress?: ((progress: { readonly target: CorrectionTarget; readonly done: number; readonly of: number }) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface TargetReport {
  readonly target: CorrectionTarget
  readonly rows: number
  readonly configurations: number
  readonly pairs: number
  /** Without correction; configurations held out; pairs of model and device held out. */
  readonly analytical: Score
  readonly heldOutConfigurations: Score
  readonly heldOutPairs: Score
}

/** One row as it is predicted by models that saw nothing of its configuration, and nothing of its pair of model and device. */
export interface HeldOutRow {
  /** Place in the list of samples. */
  readonly sample: number
  readonly measuredMs: number
  readonly byConfigurationMs: number
  readonly byPairMs: number
}

export interface TrainedCorrection {
  readonly target: CorrectionTarget
  /** XGBoost's own JSON form; its attribute `bud-sim` holds the notes. */
  readonly model: object
  readonly report: TargetReport
  readonly heldOut: readonly HeldOutRow[]
}

const defaults: BoosterOptions = {
  depth: 5,
  trees: 150,
  learningRate: 0.1,
  rowShare: 0.7,
  featureShare: 0.5,
  minimumChildWeight: 1,
  regularization: 1,
  seed: 1,
}

interface TargetShape {
  /** Errors beyond this factor, as a logarithm, are outliers whose size says nothing. */
  readonly largest: number
  readonly loss: RobustLoss
}

/** The time to the first token errs by whole factors, where only the tilted loss keeps the mean error low. */
const shapes: Readonly<Record<CorrectionTarget, TargetShape>> = {
  'time-per-output-token': { largest: 1, loss: { firstBound: 1, lastBound: 0.1, tilt: 0 } },
  'time-to-first-token': { largest: 2, loss: { firstBound: 0.5, lastBound: 0.1, tilt: 1 } },
}

interface Row {
  readonly index: number
  readonly sample: TrainingSample
  readonly logRatio: number
  readonly logMeasured: number
}

const predictedFeature = { 'time-per-output-token': 'log-token-ms', 'time-to-first-token': 'log-first-token-ms' } as const

interface HeldOut {
  /** Natural logarithms of the measured value, and of measured over predicted. */
  readonly logMeasured: number
  readonly residual: number
  readonly familiarity: number
  readonly fold: number
}

const clip = (value: number, largest: number) => Math.min(largest, Math.max(-largest, value))

async function trainBags(
  rows: readonly Row[],
  { largest, loss }: TargetShape,
  bags: number,
  booster: BoosterOptions,
): Promise<readonly (readonly JsonTree[])[]> {
  const table = rows.map(({ sample }) => sample.features)
  const targets = rows.map(({ logRatio }) => clip(logRatio, largest))
  const trained: (readonly JsonTree[])[] = []
  for (let bag = 0; bag < bags; bag += 1)
    trained.push(await trainRobustBooster(table, targets, { ...booster, loss, seed: booster.seed + bag }))
  return trained
}

const uniquePlaces = (rows: readonly Row[]): readonly (readonly number[])[] => [
  ...new Map(rows.map(({ sample }) => placeOf(sample.features)).map((place) => [place.join(), place])).values(),
]

/** Deals groups into parts by their order of size, largest first, so that parts are about equal. */
function dealFolds(rows: readonly Row[], groupOf: (sample: TrainingSample) => string, folds: number): readonly number[] {
  const sizes = new Map<string, number>()
  for (const { sample } of rows) sizes.set(groupOf(sample), (sizes.get(groupOf(sample)) ?? 0) + 1)
  const loads = Array.from({ length: Math.min(folds, sizes.size) }, () => 0)
  const foldOf = new Map<string, number>()
  for (const [group, size] of [...sizes].sort((left, right) => right[1] - left[1] || left[0].localeCompare(right[0]))) {
    const lightest = loads.indexOf(Math.min(...loads))
    foldOf.set(group, lightest)
    loads[lightest] = (loads[lightest] ?? 0) + size
  }
  return rows.map(({ sample }) => foldOf.get(groupOf(sample)) ?? 0)
}

interface ValidationSetup {
  readonly rows: readonly Row[]
  readonly folds: readonly number[]
  readonly shape: TargetShape
  readonly bags: number
  readonly booster: BoosterOptions
  readonly onFold: () => void
}

/** Predicts every part with models that saw nothing of it. */
async function holdOut(setup: ValidationSetup): Promise<readonly HeldOut[]> {
  const { rows, folds, shape, bags, booster, onFold } = setup
  const results: HeldOut[] = Array.from({ length: rows.length }, () => ({ logMeasured: 0, residual: 0, familiarity: 0, fold: 0 }))
  for (const fold of new Set(folds)) {
    const training = rows.filter((_, index) => folds[index] !== fold)
    const seen = uniquePlaces(training)
    const model = loadTreeModel(
      toXgboostJson({ bags: await trainBags(training, shape, bags, booster), featureNames: correctionFeatures, attributes: {} }),
    )
    for (const [index, { sample, logRatio, logMeasured }] of rows.entries()) {
      if (folds[index] !== fold) continue
      const familiar = familiarity(placeOf(sample.features), seen)
      const correction = clip(model.predictMargin(sample.features)[0] ?? 0, shape.largest)
      results[index] = { logMeasured, residual: logRatio - familiar * correction, familiarity: familiar, fold }
    }
    onFold()
  }
  return results
}

/** Score with intervals that each part gets from the errors of the other parts. */
function scoreHeldOut(heldOut: readonly HeldOut[]): Score {
  const spreads = new Map<number, Pick<Interval, 'low' | 'high'>>()
  for (const fold of new Set(heldOut.map((row) => row.fold))) {
    const others = heldOut.filter((row) => row.fold !== fold).map(({ residual }) => residual)
    spreads.set(fold, { low: Math.exp(quantile(others, 0.05)), high: Math.exp(quantile(others, 0.95)) })
  }
  return scorePairs(
    heldOut.map(({ logMeasured, residual, fold }) => {
      const spread = spreads.get(fold) ?? { low: 1, high: 1 }
      const mid = Math.exp(logMeasured - residual)
      return { measured: Math.exp(logMeasured), predicted: { low: mid * spread.low, mid, high: mid * spread.high } }
    }),
  )
}

const spreadOf = (heldOut: readonly HeldOut[]): CorrectionNotes['near'] => ({
  low: Number(
    Math.exp(
      quantile(
        heldOut.map(({ residual }) => residual),
        0.05,
      ),
    ).toPrecision(4),
  ),
  high: Number(
    Math.exp(
      quantile(
        heldOut.map(({ residual }) => residual),
        0.95,
      ),
    ).toPrecision(4),
  ),
  familiarity: Number((heldOut.reduce((sum, row) => sum + row.familiarity, 0) / heldOut.length).toPrecision(4)),
})

async function trainTarget(
  target: CorrectionTarget,
  samples: readonly TrainingSample[],
  options: TrainingOptions,
): Promise<TrainedCorrection> {
  const { bags = 1, folds = 20, onProgress, signal } = options
  const booster = { ...defaults, ...options.booster }
  const shape = shapes[target]
  const rows = samples.flatMap((sample, index) => {
    const logRatio = sample.logRatios[target]
    const logPredicted = sample.features[correctionFeatures.indexOf(predictedFeature[target])] ?? 0
    return logRatio === undefined ? [] : [{ index, sample, logRatio, logMeasured: logPredicted + logRatio }]
  })
  const [firstPlace = [], ...otherPlaces] = uniquePlaces(rows)
  const count = (groupOf: (sample: TrainingSample) => string) => new Set(rows.map(({ sample }) => groupOf(sample))).size
  const configurations = count((sample) => sample.configuration)
  const pairs = count((sample) => sample.pair)
  if (configurations < 4 || pairs < 2)
    throw simErrors.TRAINING_FAILED({
      reason: `${String(rows.length)} usable rows of ${target} are of ${String(configurations)} configurations and ${String(pairs)} pairs of model and device; at least 4 and 2 are needed to hold some out`,
    })
  const byConfiguration = dealFolds(rows, (sample) => sample.configuration, folds)
  const byPair = dealFolds(rows, (sample) => sample.pair, pairs)
  const of = new Set(byConfiguration).size + pairs + 1
  let done = 0
  const onFold = () => {
    done += 1
    onProgress?.({ target, done, of })
    signal?.throwIfAborted()
  }
  const setup = { rows, shape, bags, booster, onFold }
  const near = await holdOut({ ...setup, folds: byConfiguration })
  const far = await holdOut({ ...setup, folds: byPair })
  const trees = await trainBags(rows, shape, bags, booster)
  onFold()
  const notes: CorrectionNotes = {
    format: 'bud-sim-correction/1',
    target,
    features: [...correctionFeatures],
    seen: [[...firstPlace], ...otherPlaces.map((place) => [...place])],
    near: spreadOf(near),
    far: spreadOf(far),
    largest: shape.largest,
    trainedOn: options.trainedOn,
    rows: rows.length,
  }
  return {
    target,
    heldOut: rows.map(({ index, logMeasured }, place) => ({
      sample: index,
      measuredMs: Math.exp(logMeasured),
      byConfigurationMs: Math.exp(logMeasured - (near[place]?.residual ?? 0)),
      byPairMs: Math.exp(logMeasured - (far[place]?.residual ?? 0)),
    })),
    model: toXgboostJson({ bags: trees, featureNames: correctionFeatures, attributes: { 'bud-sim': JSON.stringify(notes) } }),
    report: {
      target,
      rows: rows.length,
      configurations,
      pairs,
      analytical: scoreHeldOut(
        rows.map(({ logMeasured, logRatio }, index) => ({
          logMeasured,
          residual: logRatio,
          familiarity: 0,
          fold: byConfiguration[index] ?? 0,
        })),
      ),
      heldOutConfigurations: scoreHeldOut(near),
      heldOutPairs: scoreHeldOut(far),
    },
  }
}

/**
 * Trains a correction for each figure that the samples measure.
 * @throws SIM_TRAINING_FAILED when there are too few configurations to hold some out, or too many rows for the engine.
 */
export async function trainCorrections(
  samples: readonly TrainingSample[],
  options: TrainingOptions,
): Promise<readonly TrainedCorrection[]> {
  const trained: TrainedCorrection[] = []
  for (const target of correctionTargets)
    if (samples.some(({ logRatios }) => logRatios[target] !== undefined)) trained.push(await trainTarget(target, samples, options))
  if (trained.length === 0) throw simErrors.TRAINING_FAILED({ reason: 'no row holds a time to first token or per output token' })
  return trained
}
