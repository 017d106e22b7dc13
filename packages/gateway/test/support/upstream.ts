/** A real HTTP upstream on a free port whose answers a test scripts, faults included. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly json: Record<string, unknown>
  /** Resolves when the connection under this request has closed before its answer was complete. */
  readonly aborted: Promise<void>
}

export type Answer = (res: ServerResponse, request: SeenRequest, index: number) => void | Promise<void>

export interface Upstream extends AsyncDisposable {
  readonly url: string
  /** Base URL as OpenAI-compatible hosts have it. */
  readonly baseUrl: string
  readonly seen: SeenRequest[]
  /** Changes what is answered from now on. */
  answer: Answer
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString()
}

export async function startUpstream(answer: Answer): Promise<Upstream> {
  const seen: SeenRequest[] = []
  const upstream = { answer }
  const onRequest = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const aborted = new Promise<void>((resolve) => {
      res.once('close', () => {
        if (!res.writableFinished) resolve()
      })
    })
    const body = await readAll(req)
    let json: Record<string, unknown> = {}
    try {
      json = JSON.parse(body) as Record<string, unknown>
    } catch {
      // Not every request has a JSON body; a test that needs it finds it empty.
    }
    const request: SeenRequest = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body, json, aborted }
    seen.push(request)
    await upstream.answer(res, request, seen.length - 1)
  }
  const server: Server = createServer((req, res) => {
    onRequest(req, res).catch((error: unknown) => {
      // A caller that leaves in the middle is part of the script.
      if (!res.destroyed) res.destroy(error instanceof Error ? error : undefined)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    url,
    baseUrl: `${url}/v1`,
    seen,
    get answer() {
      return upstream.answer
    },
    set answer(next) {
      upstream.answer = next
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A base URL at which nothing listens. */
export async function refusedBaseUrl(): Promise<string> {
  await using upstream = await startUpstream(() => undefined)
  return upstream.baseUrl
}
