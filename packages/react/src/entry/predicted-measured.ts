/** Public list of predicted against measured. */
export { PredictedMeasured, type PredictedMeasuredProps } from '../sim/predicted-measured.tsx'
