/** OpenAI-shaped errors of the twin's HTTP surface. */

/** What the client is told; `status` is the HTTP status. */
export class OpenAiError extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  constructor(status: number, message: string, options: { readonly type?: string; readonly param?: string; readonly code?: string } = {}) {
    super(message)
    this.name = 'OpenAiError'
    this.status = status
    this.type = options.type ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
    this.param = options.param ?? null
    this.code = options.code ?? null
  }
}

export const toErrorBody = ({ message, type, param, code }: OpenAiError) => ({ error: { message, type, param, code } })
