/** Fits a series with exponential smoothing, seasons apart: the models of Grafana's augurs, in WebAssembly. */
import { readFile } from 'node:fs/promises'
import { metricsErrors } from '../errors.ts'

export interface FittedSeries {
  /** What the model would have said of each bucket, and its range. */
  readonly fitted: Range | undefined
  readonly ahead: Range
  /** Buckets of the season that was used; undefined: none. */
  readonly season: number | undefined
}

export interface Range {
  readonly point: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

export interface FitOptions {
  readonly values: readonly number[]
  readonly season: number | undefined
  readonly horizon: number
  readonly level: number
}

interface Forecast {
  readonly point: readonly number[]
  readonly intervals?: { readonly lower: readonly number[]; readonly upper: readonly number[] } | undefined
}

const readModule = async (name: 'mstl' | 'ets') => readFile(new URL(`${name}_bg.wasm`, import.meta.resolve(`@bsull/augurs/${name}`)))

async function loadModels() {
  const [mstl, ets] = await Promise.all([import('@bsull/augurs/mstl'), import('@bsull/augurs/ets')])
  const [mstlBytes, etsBytes] = await Promise.all([readModule('mstl'), readModule('ets')])
  mstl.initSync({ module: mstlBytes })
  ets.initSync({ module: etsBytes })
  return { MSTL: mstl.MSTL, AutoETS: ets.AutoETS }
}

/** Loaded with the first question that needs it: few do, and it is 600 kB. */
let models: ReturnType<typeof loadModels> | undefined

const toRange = ({ point, intervals }: Forecast): Range => ({
  point,
  lower: intervals?.lower ?? point,
  upper: intervals?.upper ?? point,
})

/** @throws METRICS_FORECAST_IMPOSSIBLE */
export async function fitSeries({ values, season, horizon, level }: FitOptions): Promise<FittedSeries> {
  const { MSTL, AutoETS } = await (models ??= loadModels())
  const series = Float64Array.from(values)
  try {
    if (season !== undefined && values.length >= 2 * season + 2) {
      using model = MSTL.ets([season], { impute: true })
      model.fit(series)
      return { fitted: toRange(model.predictInSample(level)), ahead: toRange(model.predict(horizon, level)), season }
    }
    // Additive errors, a damped trend if one helps, no season.
    using model = new AutoETS(1, 'ZZN')
    model.fit(series)
    return { fitted: undefined, ahead: toRange(model.predict(horizon, level)), season: undefined }
  } catch (error) {
    throw metricsErrors.FORECAST_IMPOSSIBLE({ reason: error instanceof Error ? error.message : String(error) }, { cause: error })
  }
}
