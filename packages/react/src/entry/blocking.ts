/** Public list of blocking. */
export { BlockingRules } from '../gateway/blocking-rules.tsx'
