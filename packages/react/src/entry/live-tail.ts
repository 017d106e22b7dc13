/** Public list of the live tail. */
export { LiveTail, type LiveTailProps } from '../observe/live-tail.tsx'
