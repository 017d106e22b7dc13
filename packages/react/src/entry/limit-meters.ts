/** Public list of limits in use. */
export { LimitMeters } from '../gateway/limit-meters.tsx'
