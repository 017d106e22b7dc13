'use client'
/** Whether events of the server arrive right now. */
import { useBudStrings } from '../hook/bud-context.ts'
import { useLive } from '../hook/use-live.ts'

export function LiveStatus() {
  const { live } = useBudStrings()
  const { status, inFlight } = useLive()
  return (
    <span className="bud bud-live" data-status={status} data-busy={inFlight.length > 0} role="status">
      <span className="bud-live-dot" />
      {live[status]}
    </span>
  )
}
