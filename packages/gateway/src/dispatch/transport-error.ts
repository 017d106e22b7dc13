/** Gives what a transport reports a name, from its codes and never from message text. */
import { isBudError, type BudError } from '@bud-foundry/core'
import type { Timeouts } from '../config.ts'
import { gatewayErrors } from '../errors.ts'

const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** An upstream error as the gateway knows it; `inStream` when its answer had already begun. */
export function toTransportError(
  error: unknown,
  at: { readonly targetId: string; readonly timeouts: Timeouts; readonly inStream: boolean },
): BudError {
  if (isBudError(error)) return error
  const { targetId, timeouts, inStream } = at
  const code = codeOf(error)
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return gatewayErrors.UPSTREAM_TIMEOUT({ targetId, phase: 'connect', afterMs: timeouts.connectMs }, { cause: error })
    case 'UND_ERR_HEADERS_TIMEOUT':
      return gatewayErrors.UPSTREAM_TIMEOUT({ targetId, phase: 'response-headers', afterMs: timeouts.headersMs }, { cause: error })
    case 'UND_ERR_BODY_TIMEOUT':
      return gatewayErrors.UPSTREAM_TIMEOUT({ targetId, phase: 'idle', afterMs: timeouts.idleMs }, { cause: error })
    default:
      return inStream
        ? gatewayErrors.STREAM_INTERRUPTED({ targetId, problem: `the connection broke (${code ?? 'unknown cause'})` }, { cause: error })
        : gatewayErrors.UPSTREAM_UNREACHABLE({ targetId, cause: code ?? 'unknown cause' }, { cause: error })
  }
}
