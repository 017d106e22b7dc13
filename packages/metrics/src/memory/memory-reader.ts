/** A reader over an array of events, with the answers that a database with the same events gives. */
import { systemClock, type Clock } from '@bud-foundry/core'
import { createMemoryEngine } from '../ask/memory-engine.ts'
import { createReader, type MetricsReader } from '../ask/reader.ts'
import { everyProject } from '../ask/scope.ts'
import type { StoredRequest } from '../table/request-details.ts'

export interface MemoryReaderOptions {
  /** May grow while it is read; every question looks at all of it. */
  readonly events: readonly StoredRequest[]
  readonly clock?: Clock
}

/** Fit for thousands of events, not for millions. */
export function createMemoryReader({ events, clock = systemClock }: MemoryReaderOptions): MetricsReader {
  return createReader({ engine: createMemoryEngine(events), clock, scope: everyProject })
}
