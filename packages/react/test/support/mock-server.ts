/** A test double of the reference server's HTTP interface: sessions, a model that streams, traffic of its own, series, plans. */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import type { RequestEvent } from '@bud-foundry/core'
import { sampleAttempt, sampleFailover, sampleManifests, samplePlan, samplePlans, sampleRequest, sampleYaml } from './sample-data.ts'

export interface MockServerOptions {
  /** Serves the built page at `/`. */
  readonly staticFolder?: string
  /** With it, `POST /api/session` answers 401 until this key is sent. */
  readonly apiKey?: string
  /** Requests a second that other clients are made to send; default 0. */
  readonly trafficPerSecond?: number
  /** Finished requests that are there from the start; default 0. */
  readonly history?: number
  /** Between two tokens of an answer; default 20. */
  readonly tokenMs?: number
}

export interface MockServer extends AsyncDisposable {
  readonly url: string
  /** Emits one finished request, as another client's traffic would. */
  emit(event: RequestEvent): void
  /** Makes the next chat end with this failure. */
  failNextChat(kind: 'refuse' | 'mid-stream' | 'cut'): void
  /** Ends every live connection, as a restart would. */
  dropLive(): void
  readonly liveCount: () => number
  readonly openChats: () => number
}

const answer = `Here is the short version:

1. **Prefill** reads the whole prompt at once and is bound by compute. It decides the *time to first token*.
2. **Decode** writes one token at a time and is bound by memory bandwidth. It decides the *time per output token*.

A server batches many requests to share each read of the weights:

\`\`\`python
def step(batch):
    logits = model(batch.tokens)   # one pass over the weights
    return sample(logits)          # one token for each request
\`\`\`

| phase | bound by | measured as |
| --- | --- | --- |
| prefill | FLOP/s | TTFT |
| decode | bandwidth | TPOT |

See [the paper](https://arxiv.org/abs/2309.06180) for the paged KV cache.`

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

export async function startMockServer(options: MockServerOptions = {}): Promise<MockServer> {
  const random = createRandom(7)
  const live = new Set<ServerResponse>()
  const timers = new Set<NodeJS.Timeout>()
  let events: RequestEvent[] = []
  let counter = 0
  let failure: 'refuse' | 'mid-stream' | 'cut' | undefined
  let openChats = 0
  let isSignedIn = options.apiKey === undefined

  const later = (delayMs: number, callback: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      callback()
    }, delayMs)
    timers.add(timer)
  }
  const send = (name: string, data: unknown) => {
    for (const response of live) response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const start = (requestedModel: string) => {
    counter += 1
    const id = `req_${counter.toString(36).padStart(8, '0')}`
    send('request-start', { id, timeUnixMs: Date.now(), requestedModel, stream: true })
    return id
  }
  const finish = (event: RequestEvent) => {
    events = [event, ...events].slice(0, 2_000)
    send('request', event)
  }
  const invent = (timeUnixMs: number, id: string): RequestEvent => {
    const luck = random()
    const first = 60 + random() ** 3 * 400
    const outputTokens = 40 + Math.floor(random() * 380)
    const perToken = 6 + random() * 5
    const targetId = random() < 0.5 ? 'twin-a' : 'twin-b'
    const model = random() < 0.75 ? 'llama-3.1-8b' : 'qwen3-32b'
    const base = sampleRequest({ id, timeUnixMs, requestedModel: model, model })
    if (luck < 0.03) {
      return {
        ...base,
        status: 429,
        outcome: 'rejected',
        errorCode: 'GATEWAY_RATE_LIMITED',
        targetId: undefined,
        timeToFirstTokenMs: undefined,
        timePerOutputTokenMs: undefined,
        outputTokens: 0,
        durationMs: 2,
        attempts: [],
      }
    }
    if (luck < 0.05) {
      return {
        ...base,
        status: 502,
        outcome: 'error',
        errorCode: 'GATEWAY_UPSTREAM_FAILED',
        timeToFirstTokenMs: undefined,
        timePerOutputTokenMs: undefined,
        outputTokens: 0,
        durationMs: 812,
        attempts: [sampleAttempt({ outcome: 'error', status: 502, durationMs: 810, timeToFirstTokenMs: undefined })],
      }
    }
    if (luck < 0.09) return { ...sampleFailover(), id, timeUnixMs, requestedModel: model, model }
    return {
      ...base,
      targetId,
      inputTokens: 80 + Math.floor(random() * 1_400),
      outputTokens,
      timeToFirstTokenMs: first,
      timePerOutputTokenMs: perToken,
      durationMs: first + perToken * outputTokens,
      attempts: [sampleAttempt({ targetId, durationMs: first + perToken * outputTokens, timeToFirstTokenMs: first })],
    }
  }

  const chat = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse(await readBody(request)) as { model: string; messages: { content: string }[] }
    const wish = failure
    failure = undefined
    if (wish === 'refuse') {
      json(response, 503, {
        error: {
          message: 'No target of llama-3.1-8b is healthy. Try again in a few seconds.',
          type: 'server_error',
          code: 'GATEWAY_NO_TARGET',
        },
      })
      return
    }
    const id = start(body.model)
    const startMs = performance.now()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const pieces = answer.match(/\s*\S+/g) ?? []
    let at = 0
    let firstMs = 0
    openChats += 1
    let isOver = false
    const end = (outcome: RequestEvent['outcome']) => {
      if (isOver) return
      isOver = true
      openChats -= 1
      const durationMs = performance.now() - startMs
      finish(
        sampleRequest({
          id,
          timeUnixMs: Date.now() - durationMs,
          requestedModel: body.model,
          model: body.model,
          outcome,
          durationMs,
          timeToFirstTokenMs: firstMs,
          timePerOutputTokenMs: (durationMs - firstMs) / Math.max(at - 1, 1),
          outputTokens: at,
          attempts: [sampleAttempt({ durationMs, timeToFirstTokenMs: firstMs })],
        }),
      )
    }
    response.on('close', () => {
      end(at >= pieces.length ? 'success' : 'aborted')
    })
    const write = (data: unknown) => response.write(`data: ${JSON.stringify(data)}\n\n`)
    const step = () => {
      if (isOver) return
      if (at === 12 && wish === 'mid-stream') {
        write({ error: { message: 'The engine stopped answering.', type: 'server_error', code: 'GATEWAY_UPSTREAM_STALLED' } })
        response.end()
        return
      }
      if (at === 12 && wish === 'cut') {
        response.destroy()
        return
      }
      if (at < pieces.length) {
        if (at === 0) firstMs = performance.now() - startMs
        write({ choices: [{ index: 0, delta: { content: pieces[at] }, finish_reason: null }] })
        at += 1
        later(options.tokenMs ?? 20, step)
        return
      }
      write({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
      write({ choices: [], usage: { prompt_tokens: 41, completion_tokens: pieces.length, total_tokens: 41 + pieces.length } })
      response.end('data: [DONE]\n\n')
    }
    later(options.tokenMs === undefined ? 120 : options.tokenMs * 3, step)
  }

  const answerSession = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse((await readBody(request)) || '{}') as { apiKey?: string }
    if (body.apiKey !== undefined && body.apiKey === options.apiKey) isSignedIn = true
    if (!isSignedIn) {
      const message = body.apiKey === undefined ? 'An API key is needed.' : 'This API key is not known or was revoked.'
      json(response, 401, { error: { message, code: 'SERVER_KEY_REFUSED' } })
      return
    }
    json(response, 200, { expiresAtUnixMs: Date.now() + 600_000, scopes: ['chat', 'metrics:read', 'plan'] })
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const route = `${request.method ?? 'GET'} ${url.pathname}`
    if (route === 'POST /api/session') return answerSession(request, response)
    if (!isSignedIn && /^\/(api|v1)\//.test(url.pathname)) return json(response, 401, { error: { message: 'The session has ended.' } })
    if (route === 'GET /v1/models') {
      return json(response, 200, {
        object: 'list',
        data: [
          { id: 'llama-3.1-8b', owned_by: 'bud' },
          { id: 'qwen3-32b', owned_by: 'bud' },
        ],
      })
    }
    if (route === 'POST /v1/chat/completions') return chat(request, response)
    if (route === 'GET /api/metrics/requests') {
      const limit = Number(url.searchParams.get('limit') ?? 50)
      const [model, outcome] = [url.searchParams.get('model'), url.searchParams.get('outcome')]
      const found = events.filter((event) => (model === null || event.model === model) && (outcome === null || event.outcome === outcome))
      return json(response, 200, { data: found.slice(0, limit) })
    }
    if (route === 'GET /api/metrics/series') {
      return json(
        response,
        200,
        toSeries(events, Number(url.searchParams.get('windowSeconds')), Number(url.searchParams.get('intervalSeconds'))),
      )
    }
    if (route === 'GET /api/metrics/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(': hello\n\n')
      live.add(response)
      response.on('close', () => live.delete(response))
      return
    }
    if (route === 'POST /api/sim/optimize') {
      await readBody(request)
      later(250, () => {
        json(response, 200, {
          plans: samplePlans(),
          rejected: [
            { name: '1 × l4', reason: 'Weights of 8.0 GiB and the KV cache of 32 requests need 26.1 GiB; the device has 24 GiB.' },
          ],
        })
      })
      return
    }
    if (route === 'GET /api/sim/catalogue') return json(response, 200, { models: ['meta-llama/Llama-3.1-8B-Instruct'], hardware: [] })
    if (route === 'GET /api/clusters') return json(response, 200, { data: [] })
    if (route === 'POST /api/sim/predict') {
      const { workloads } = JSON.parse(await readBody(request)) as { workloads: unknown[] }
      const { predicted } = samplePlan()
      return json(response, 200, { data: workloads.map(() => predicted) })
    }
    if (route === 'POST /api/clusters/plan') {
      return json(response, 200, {
        manifests: sampleManifests,
        yaml: sampleYaml,
        findings: [
          {
            severity: 'warning',
            message: 'No storage class is given: every pod downloads 16.1 GB of weights at its start.',
            field: 'storage',
          },
        ],
      })
    }
    if (route === 'GET /favicon.ico') return void response.writeHead(204).end()
    if (url.pathname.startsWith('/api/') || options.staticFolder === undefined)
      return json(response, 404, { error: { message: 'Not found' } })
    return file(options.staticFolder, url.pathname, response)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      json(response, 500, { error: { message: String(error) } })
    })
  })
  const url = await listen(server)
  const history = options.history ?? 0
  for (let index = 0; index < history; index += 1) {
    counter += 1
    const ageMs = ((history - index) / history) * 300_000
    events = [invent(Date.now() - ageMs, `req_${counter.toString(36).padStart(8, '0')}`), ...events]
  }
  const traffic = () => {
    const id = start('llama-3.1-8b')
    const event = invent(Date.now(), id)
    later(event.durationMs, () => {
      finish(event)
    })
    later((0.4 + random() * 1.2) * (1000 / (options.trafficPerSecond ?? 1)), traffic)
  }
  if ((options.trafficPerSecond ?? 0) > 0) traffic()

  return {
    url,
    emit: finish,
    failNextChat(kind) {
      failure = kind
    },
    dropLive() {
      for (const response of live) response.destroy()
    },
    liveCount: () => live.size,
    openChats: () => openChats,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function toSeries(events: readonly RequestEvent[], windowSeconds: number, intervalSeconds: number) {
  const intervalMs = intervalSeconds * 1000
  const toUnixMs = Math.ceil(Date.now() / intervalMs) * intervalMs
  const fromUnixMs = toUnixMs - windowSeconds * 1000
  const points = Array.from({ length: windowSeconds / intervalSeconds }, (_, index) => {
    const timeUnixMs = fromUnixMs + index * intervalMs
    const inside = events.filter((event) => event.timeUnixMs >= timeUnixMs && event.timeUnixMs < timeUnixMs + intervalMs)
    const first = inside
      .flatMap(({ timeToFirstTokenMs }) => (timeToFirstTokenMs === undefined ? [] : [timeToFirstTokenMs]))
      .sort((a, b) => a - b)
    const at = (share: number) => first[Math.min(Math.floor(first.length * share), first.length - 1)] ?? null
    return {
      timeUnixMs,
      requests: inside.length,
      errors: inside.filter(({ outcome }) => outcome === 'error' || outcome === 'rejected').length,
      outputTokensPerSecond: inside.length === 0 ? null : inside.reduce((sum, { outputTokens }) => sum + outputTokens, 0) / intervalSeconds,
      timeToFirstTokenMsP50: at(0.5),
      timeToFirstTokenMsP95: at(0.95),
    }
  })
  return { fromUnixMs, toUnixMs, intervalMs, points, totals: {} }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function file(folder: string, path: string, response: ServerResponse): Promise<void> {
  const name = path === '/' ? 'index.html' : normalize(path).replace(/^(\.\.[/\\])+/, '')
  try {
    const content = await readFile(join(folder, name))
    response
      .writeHead(200, {
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'",
      })
      .end(content)
  } catch {
    json(response, 404, { error: { message: `${path} is not a file of the page` } })
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The mock server has no port.')
  return `http://127.0.0.1:${address.port}`
}

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
