/** Structured logging through pino: one line an event, without secrets. */
import { pino, type Logger as PinoLogger } from 'pino'
import { isBudError } from '../error/bud-error.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { formatHuman } from './format-human.ts'
import type { LogFields, Logger } from './logger-port.ts'
import { createScrubber, type Redaction, type Scrubber } from './scrub.ts'

export type { Redaction } from './scrub.ts'
export { silentLogger, type LogFields, type Logger } from './logger-port.ts'

/** The least important level that is written; `silent` writes nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Takes whole lines, each with its line break; `process.stdout` is one. */
export interface LogDestination {
  write(line: string): unknown
}

/** A Logger that can carry fields of its own. */
export interface StructuredLogger extends Logger {
  /** A logger whose every line carries the fields too: `traceId` and `requestId` of one request. */
  child(fields: LogFields): StructuredLogger
}

/** Settings of `createLogger`. */
export interface LoggerOptions {
  readonly level: LogLevel
  /** Standard output when absent, written at once, so that a crash loses no line. */
  readonly destination?: LogDestination | undefined
  /** `json` for machines, the default; `human` for a terminal. */
  readonly format?: 'json' | 'human' | undefined
  readonly clock?: Clock | undefined
  /** What is hidden beside Secrets, fields named like credentials, and text of a known key's shape. */
  readonly redact?: Redaction | undefined
}

class PinoStructuredLogger implements StructuredLogger {
  readonly #pino: PinoLogger
  readonly #scrubber: Scrubber
  // Kept here and not as pino's bindings, which would repeat a name that the line has too.
  readonly #bound: Readonly<Record<string, unknown>>

  constructor(logger: PinoLogger, scrubber: Scrubber, bound: Readonly<Record<string, unknown>>) {
    this.#pino = logger
    this.#scrubber = scrubber
    this.#bound = bound
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  child(fields: LogFields): StructuredLogger {
    return new PinoStructuredLogger(this.#pino, this.#scrubber, { ...this.#bound, ...this.#prepare(fields) })
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled(level)) this.#pino[level]({ ...this.#bound, ...this.#prepare(fields) }, this.#scrubber.text(message))
  }

  /** The line's `code` is the error's, unless the caller gives one. Names that the line itself uses are moved aside. */
  #prepare(fields: LogFields): Record<string, unknown> {
    const { error, code = isBudError(error) ? error.code : undefined, ...rest } = fields
    const prepared = this.#scrubber.fields({ ...(code === undefined ? {} : { code }), ...rest, ...(error === undefined ? {} : { error }) })
    for (const name of ['time', 'level', 'msg']) {
      if (!(name in prepared)) continue
      prepared[`field_${name}`] = prepared[name]
      // Two fields of one name in a JSON object: readers differ in which one they keep.
      Reflect.deleteProperty(prepared, name)
    }
    return prepared
  }
}

function humanDestination(destination: LogDestination): LogDestination {
  return {
    // The line comes from pino itself, which writes one JSON object a line.
    write: (line) => destination.write(formatHuman(JSON.parse(line) as Record<string, unknown>)),
  }
}

/** Every line has time (ISO 8601), level and msg, then code, traceId, requestId and other fields when given. */
export function createLogger(options: LoggerOptions): StructuredLogger {
  const { level, format = 'json', clock = systemClock } = options
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true })
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      // Ours are plain data already; pino's serializers would look for `err`, `req` and `res` again.
      serializers: {},
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'human' ? humanDestination(destination) : destination,
  )
  return new PinoStructuredLogger(logger, createScrubber(options.redact), {})
}
