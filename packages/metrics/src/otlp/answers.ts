/** What an OTLP sender is answered, in the encoding that it speaks: the message of its signal, or a status of Google's RPC. */
import type { BudError } from '@bud-foundry/core'
import { defineMessage, isJson, type OtlpMessage } from './wire.ts'

const defineResponse = (rejected: string) =>
  defineMessage(
    'ExportServiceResponse',
    `message ExportPartialSuccess { int64 ${rejected} = 1; string error_message = 2; }
message ExportServiceResponse { ExportPartialSuccess partial_success = 1; }`,
  )
const responses = { traces: defineResponse('rejected_spans'), metrics: defineResponse('rejected_data_points') } as const

/* google/rpc/status.proto without its details, which protobuf would have as messages of any kind. */
const statusMessage = defineMessage('Status', 'message Status { int32 code = 1; string message = 2; }')

/** google/rpc/code.proto, by the status that its comments name for each. */
const rpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 429: 8, 503: 14, 504: 4 }
const unknownCode = 2

type Content = Readonly<Record<string, unknown>>

function encode(message: OtlpMessage, contentType: string, content: Content, init: ResponseInit = {}): Response {
  if (isJson(contentType)) return Response.json(content, init)
  const headers = new Headers(init.headers)
  headers.set('content-type', 'application/x-protobuf')
  return new Response(message.write(content), { ...init, headers })
}

export const answer = (of: keyof typeof responses, contentType: string, content: Content): Response =>
  encode(responses[of], contentType, content)

export function answerError(error: BudError, contentType: string): Response {
  const reason = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: error.code, domain: 'bud-foundry' }
  const status = { code: rpcCodes[error.status] ?? unknownCode, message: error.message }
  return encode(statusMessage, contentType, isJson(contentType) ? { ...status, details: [reason] } : status, {
    status: error.status,
    ...(error.retryable ? { headers: { 'retry-after': '1' } } : {}),
  })
}
