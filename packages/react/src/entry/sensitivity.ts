/** Public list of the sliders of load. */
export { Sensitivity, type SensitivityProps } from '../sim/sensitivity.tsx'
