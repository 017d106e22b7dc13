/** The one error class of the kit; dependency-free, so that the browser bundle carries no schema library. */

export type BudClientErrorCode =
  | 'REACT_NETWORK_FAILED'
  | 'REACT_RESPONSE_REFUSED'
  | 'REACT_RESPONSE_INVALID'
  | 'REACT_TIMED_OUT'
  | 'REACT_ABORTED'
  | 'REACT_CLIENT_MISSING'

export interface BudClientErrorInit {
  readonly code: BudClientErrorCode
  readonly message: string
  /** HTTP status of the answer, when there was one. */
  readonly status?: number | undefined
  /** The code inside the server's error body. */
  readonly serverCode?: string | undefined
  readonly retryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** What every call of the client rejects with. */
export class BudClientError extends Error {
  readonly code: BudClientErrorCode
  readonly status: number | undefined
  readonly serverCode: string | undefined
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined

  constructor(init: BudClientErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'BudClientError'
    this.code = init.code
    this.status = init.status
    this.serverCode = init.serverCode
    this.retryable = init.retryable ?? false
    this.retryAfterMs = init.retryAfterMs
  }
}

/** The session is missing or has ended. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof BudClientError && error.status === 401
}

/** The caller itself gave up. */
export function isAborted(error: unknown): boolean {
  return error instanceof BudClientError && error.code === 'REACT_ABORTED'
}
