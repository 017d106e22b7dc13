/** The logging port of the gateway: any structured logger fits behind it. */

export interface GatewayLogger {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void
  error(message: string, fields: Readonly<Record<string, unknown>>): void
}

export const silentLogger: GatewayLogger = { warn: () => undefined, error: () => undefined }
