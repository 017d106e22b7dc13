/** The sink in front of the database: core's write-ahead spool, told what only this destination knows. */
import { sinkErrors, type BudEvent, type Clock, type Logger, type Random, type Sink } from '@bud-foundry/core'
import { createSpooledSink, type SinkProblem } from '@bud-foundry/core/sink/spool'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { storedKinds, type Delivery } from './deliver.ts'

export interface MetricsSinkOptions {
  /** Takes each event id once. */
  readonly store: (events: readonly BudEvent[], signal: AbortSignal) => Promise<Delivery>
  readonly spoolDirectory: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly fsync: boolean
}

function logProblem(logger: Logger, problem: SinkProblem): void {
  switch (problem.kind) {
    case 'delivery-fail':
      logger.warn('metrics could not be stored; they wait in the spool', {
        events: problem.events,
        attempt: problem.attempt,
        retryInMs: problem.retryInMs,
        error: problem.error,
      })
      break
    case 'events-refuse':
      logger.error('events were refused and set aside', { ids: problem.ids.slice(0, 10), events: problem.ids.length, error: problem.error })
      break
    case 'events-drop':
      logger.error('events were dropped', { events: problem.events, error: problem.error })
      break
    case 'spool-damage':
      logger.warn('the end of a spool file was cut short by a crash', { path: problem.path, bytes: problem.bytes })
  }
}

/** @throws CORE_STORE_LOCKED, CORE_STORE_UNWRITABLE, CORE_SINK_SPOOL_FAILED, CORE_SINK_SPOOL_NOT_OURS */
export function createMetricsSink({ store, spoolDirectory, clock, random, logger, fsync }: MetricsSinkOptions): Promise<Sink> {
  return createSpooledSink({
    spoolDirectory,
    kinds: storedKinds,
    clock,
    random,
    fsync,
    batchEvents: metricsLimits.batchRows,
    batchAgeMs: metricsLimits.batchAgeMs,
    async deliver(events, signal) {
      try {
        await store(events, signal)
      } catch (error) {
        // The spool sets these aside and goes on; every other failure it repeats.
        if (!metricsErrors.EVENTS_INVALID.is(error)) throw error
        throw sinkErrors.SINK_EVENTS_REFUSED({ ids: error.details.events.map(({ id }) => id), reason: error.message }, { cause: error })
      }
    },
    onProblem: (problem) => {
      logProblem(logger, problem)
    },
  })
}
