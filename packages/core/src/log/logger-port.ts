/** The logging port: four methods, and a default that says nothing. */

/** Named values of one event; a failure goes under `error`. Secrets in them are hidden by the logger, not by the caller. */
export type LogFields = Readonly<Record<string, unknown>>

/** What a library needs to log. `createLogger` of the subpath `./log` makes one; console or any other can be adapted. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const nothing = () => undefined

/** Logs nowhere: the default of every part that takes a Logger. */
export const silentLogger: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing })
