/** One log line per request: what failed at `warn`, the rest at `debug`, so that a quiet log means a healthy server. */
import type { Logger, RequestEvent } from '@bud-foundry/core'

export function logRequest(logger: Logger, event: RequestEvent): void {
  const { id, traceId, projectId, operation, requestedModel, targetId, status, outcome, errorCode, attempts } = event
  const failedAttempts = attempts
    .filter((attempt) => attempt.outcome !== 'success')
    .map((attempt) => `${attempt.targetId} ${attempt.errorCode ?? attempt.outcome}`)
  const fields = {
    requestId: id,
    traceId,
    projectId,
    operation,
    model: requestedModel,
    ...(targetId === undefined ? {} : { targetId }),
    status,
    outcome,
    durationMs: Math.round(event.durationMs),
    ...(errorCode === undefined ? {} : { code: errorCode }),
    ...(failedAttempts.length === 0 ? {} : { failedAttempts }),
  }
  if (outcome === 'success' && failedAttempts.length === 0) logger.debug('request', fields)
  else logger.warn('request', fields)
}
