/** What an OpenAI-compatible engine answers, whole or as a stream. */
import type { ServerResponse } from 'node:http'
import type { Answer } from './upstream.ts'

export const completion = (text: string, model = 'm') => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, prompt_tokens_details: { cached_tokens: 4 } },
})

const chunk = (fields: Record<string, unknown>) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'm',
  ...fields,
})

export const sse = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
export const roleFrame = sse(chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }))
export const textFrame = (text: string): string => sse(chunk({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }))
export const finishFrame = sse(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
export const usageFrame = sse(chunk({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } }))
export const doneFrame = sse('[DONE]')

export function startSse(res: ServerResponse, headers: Record<string, string> = {}): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
}

export function sendJson(res: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(JSON.stringify(value))
}

/** Answers as a well-behaved engine does: whole or streamed, with usage in the stream only where it is asked for. */
export const wellBehaved =
  (text: string): Answer =>
  (res, { json }) => {
    if (json['stream'] !== true) {
      sendJson(res, 200, completion(text))
      return
    }
    startSse(res)
    res.write(roleFrame)
    for (const word of text.split(/(?<= )/)) res.write(textFrame(word))
    res.write(finishFrame)
    const options = json['stream_options'] as { include_usage?: boolean } | undefined
    if (options?.include_usage === true) res.write(usageFrame)
    res.end(doneFrame)
  }

export const refuse =
  (
    status: number,
    error: Record<string, unknown> = { message: 'refused by the script', type: 'server_error', code: null },
    headers = {},
  ): Answer =>
  (res) => {
    sendJson(res, status, { error }, headers)
  }

/** Frames, then what `end` does. */
export const streamThen =
  (frames: readonly string[], end: (res: ServerResponse) => void): Answer =>
  (res) => {
    startSse(res)
    for (const frame of frames) res.write(frame)
    if (frames.length === 0) res.flushHeaders()
    // After the frames have left: a reset would otherwise overtake them.
    setImmediate(() => {
      end(res)
    })
  }
