/** Public list of the live status. */
export { LiveStatus } from '../live-status/live-status.tsx'
