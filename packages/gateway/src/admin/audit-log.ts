/** Where administrative operations leave their trace: always the log, and a Sink when there is one. */
import {
  createId,
  createScrubber,
  silentLogger,
  systemClock,
  systemRandom,
  type AuditEvent,
  type Clock,
  type Logger,
  type Random,
  type Sink,
} from '@bud-foundry/core'
import { createEventPump, type EventPump } from '../telemetry/event-pump.ts'

export interface AuditLogParts {
  /** Gets one AuditEvent per operation that changes something. */
  readonly sink?: Sink | undefined
  /** Gets a line for each as well, whatever becomes of the sink and the store. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

export interface AuditLog extends AsyncDisposable {
  /** Secrets are hidden by the names of their fields, whatever the operation put in. */
  record(entry: Omit<AuditEvent, 'id' | 'kind' | 'timeUnixMs'>): AuditEvent
  flush(): Promise<void>
  /** Events that the sink has not taken, yet or for good. */
  readonly unwritten: number
}

const flushMs = 250
/** Events get this long to reach the sink when the log is closed. */
const auditFlushMs = 5_000

class SinkAuditLog implements AuditLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #random: Random
  readonly #pump: EventPump | undefined
  readonly #scrubber = createScrubber()

  constructor({ sink, logger = silentLogger, clock = systemClock, random = systemRandom }: AuditLogParts) {
    this.#logger = logger
    this.#clock = clock
    this.#random = random
    const onFailure = (error: unknown) => {
      logger.error('the sink did not take an audit event; the log has it', { error })
    }
    this.#pump = sink === undefined ? undefined : createEventPump({ sink, clock, flushMs, onFailure })
  }

  record(entry: Omit<AuditEvent, 'id' | 'kind' | 'timeUnixMs'>): AuditEvent {
    const { before, after } = this.#scrubber.fields({ before: entry.before, after: entry.after })
    const event: AuditEvent = {
      ...entry,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      id: createId(this.#clock, this.#random),
      kind: 'audit',
      timeUnixMs: this.#clock.nowMs(),
    }
    this.#logger.info('audit', { audit: event })
    this.#pump?.push(event)
    return event
  }

  get unwritten(): number {
    return (this.#pump?.pending ?? 0) + (this.#pump?.dropped ?? 0)
  }

  async flush(): Promise<void> {
    await this.#pump?.flush(new AbortController().signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = new AbortController()
    using _timer = this.#clock.schedule(auditFlushMs, () => {
      deadline.abort()
    })
    await this.#pump?.flush(deadline.signal)
  }
}

export const createAuditLog = (parts: AuditLogParts = {}): AuditLog => new SinkAuditLog(parts)
