/** An engine that answers well most of the time, and else fails in every way that engines do; seeded. */
import { createServer, type ServerResponse } from 'node:http'
import { createSeededRandom } from '@bud-foundry/core'

const [port = '0', seed = '1'] = process.argv.slice(2)
const random = createSeededRandom(Number(seed))

const frame = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'soak', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const closing = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'soak', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'soak', choices: [], usage: { prompt_tokens: 5, completion_tokens: 20, total_tokens: 25 } })}\n\ndata: [DONE]\n\n`
const whole = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'soak',
  choices: [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
})

function stream(response: ServerResponse, frames: number, end: (response: ServerResponse) => void): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  const timer = setInterval(() => {
    sent += 1
    if (sent <= frames) {
      response.write(frame(`word${String(sent)} `))
      return
    }
    clearInterval(timer)
    end(response)
  }, 5)
  response.on('close', () => {
    clearInterval(timer)
  })
}

/** One of these for every third request. */
const faults: readonly ((response: ServerResponse) => void)[] = [
  (response) => response.destroy(),
  (response) => response.writeHead(500).end('{"error":{"message":"down"}}'),
  (response) => response.writeHead(429, { 'retry-after': '0' }).end('{"error":{"message":"slow down"}}'),
  (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(whole.slice(0, 40)),
  (response) => {
    stream(response, 5, (open) => open.destroy())
  },
  (response) => {
    stream(response, 5, (open) => open.end())
  },
  (response) => {
    stream(response, 0, (open) => open.end())
  },
  (response) => {
    stream(response, 3, (open) => open.end('data: {"error":{"message":"out of memory","type":"server_error"}}\n\n'))
  },
]

createServer((request, response) => {
  let text = ''
  request.on('data', (part: Buffer) => (text = (text + part.toString('latin1')).slice(0, 4_000)))
  request.on('end', () => {
    const fault = faults[Math.floor(random.next() * faults.length)]
    if (random.next() < 0.33 && fault !== undefined) fault(response)
    else if (text.includes('"stream":true')) {
      stream(response, 20, (open) => open.end(closing))
    } else response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
  })
  request.on('error', () => undefined)
}).listen(Number(port), '127.0.0.1')
