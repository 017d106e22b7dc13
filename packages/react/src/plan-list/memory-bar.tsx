'use client'
/** What fills the memory of each device, as a bar and in words. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'

export function MemoryBar({ memory }: { readonly memory: DeploymentPlan['memoryPerDevice'] }) {
  const { plans } = useBudStrings()
  const format = useBudFormat()
  const parts = [
    { name: plans.weights, kind: 'weights', bytes: memory.weightsBytes },
    { name: plans.kvCache, kind: 'kv-cache', bytes: memory.kvCacheBytes },
    { name: plans.activations, kind: 'activations', bytes: memory.activationsBytes },
    { name: plans.overhead, kind: 'overhead', bytes: memory.overheadBytes },
  ]
  const used = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const capacity = Math.max(memory.capacityBytes, used, 1)
  return (
    <div className="bud-memory">
      <p className="bud-memory-head">
        <span>{plans.memory}</span>
        <span className="bud-muted">
          {plans.memoryUsed(format.bytes(used), format.bytes(memory.capacityBytes), format.percent(used / capacity))}
        </span>
      </p>
      <svg className="bud-memory-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect className="bud-memory-free" width="100" height="4" />
        {parts.map(({ kind, bytes }, index) => (
          <rect
            key={kind}
            className="bud-memory-part"
            data-kind={kind}
            x={(parts.slice(0, index).reduce((sum, part) => sum + part.bytes, 0) / capacity) * 100}
            width={(bytes / capacity) * 100}
            height="4"
          />
        ))}
      </svg>
      <ul className="bud-memory-legend">
        {parts.map(({ name, kind, bytes }) => (
          <li key={kind}>
            <span className="bud-swatch" data-kind={kind} />
            {name} <span className="bud-muted">{format.bytes(bytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
