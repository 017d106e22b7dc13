/** Public list of the playground. */
export { Playground, type PlaygroundProps } from '../playground/playground.tsx'
