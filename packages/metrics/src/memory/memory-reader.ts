/** A reader over an array of events, with the answers that a database with the same events gives. */
import { systemClock, type Clock, type RequestEvent } from '@bud-foundry/core'
import { createMemoryEngine } from '../ask/memory-engine.ts'
import { createReader, type MetricsReader } from '../ask/reader.ts'
import { everyProject } from '../ask/scope.ts'

export interface MemoryReaderOptions {
  /** May grow while it is read; every question looks at all of it. */
  readonly events: readonly RequestEvent[]
  readonly clock?: Clock
}

/** Fit for thousands of events, not for millions. */
export function createMemoryReader({ events, clock = systemClock }: MemoryReaderOptions): MetricsReader {
  return createReader({ engine: createMemoryEngine(events), clock, scope: everyProject })
}
