/** The engine that every contender forwards to: ready-made answers, as cheap as node:http can be. */
import { createServer, type ServerResponse } from 'node:http'

const chunks = 50
const created = 1_700_000_000

const json = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created,
    model: 'bench',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'Hello! How can I help you today?' }, finish_reason: 'stop', logprobs: null },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
  }),
)

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created, model: 'bench', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** 52 frames: a role, 49 words, a finish, and the terminator; the last but one carries usage as engines send it. */
const frames = [
  chunk({ role: 'assistant', content: '' }),
  ...Array.from({ length: chunks - 2 }, (_, index) => chunk({ content: `word${String(index)} ` })),
  chunk({}, 'stop'),
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created, model: 'bench', choices: [], usage: { prompt_tokens: 9, completion_tokens: 48, total_tokens: 57 } })}\n\n`,
  'data: [DONE]\n\n',
].map((text) => Buffer.from(text))
const burst = Buffer.concat(frames)
const streamHeaders = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }

/** The caller's `user` field says how slow a stream should be, because it survives every gateway. */
const gapOf = (body: Buffer) => Number(/"user":"gap-(\d+)"/.exec(body.subarray(0, 400).toString('latin1'))?.[1] ?? 0)

function answer(response: ServerResponse, body: Buffer): void {
  const gapMs = gapOf(body)
  if (!body.includes('"stream":true')) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length }).end(json)
    return
  }
  response.writeHead(200, streamHeaders)
  if (gapMs === 0) {
    response.end(burst)
    return
  }
  let index = 0
  const timer = setInterval(() => {
    const frame = frames[index]
    index += 1
    if (frame === undefined) {
      clearInterval(timer)
      response.end()
    } else response.write(frame)
  }, gapMs)
  response.on('close', () => {
    clearInterval(timer)
  })
}

createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const [only] = parts
    answer(response, parts.length === 1 && only !== undefined ? only : Buffer.concat(parts))
  })
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
