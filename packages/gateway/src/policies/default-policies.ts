/** The policies that a gateway knows without being given any. */
import type { RoutingPolicy } from '@bud-foundry/core'
import { createLeastInFlight } from './least-in-flight.ts'
import { createLowestCost } from './lowest-cost.ts'
import { createLowestLatency, createLowestTtft } from './lowest-latency.ts'
import { createP2cPeakEwma } from './p2c-peak-ewma.ts'
import { createPrefixAware } from './prefix-aware.ts'
import { createPriority } from './priority.ts'
import { createRoundRobin } from './round-robin.ts'
import { createSessionAffinity } from './session-affinity.ts'
import { createWeighted } from './weighted.ts'

/** Fresh instances: some remember what they saw, and two gateways must not share that. */
export const createDefaultPolicies = (): readonly RoutingPolicy[] => [
  createWeighted(),
  createRoundRobin(),
  createLeastInFlight(),
  createP2cPeakEwma(),
  createLowestLatency(),
  createLowestTtft(),
  createLowestCost(),
  createPriority(),
  createSessionAffinity(),
  createPrefixAware(),
]
