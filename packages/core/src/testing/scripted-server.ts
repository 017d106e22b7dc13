/** A real HTTP server on loopback that plays the same scripted answers as the fake transport. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import type { UpstreamRequest } from '../contracts/transport.ts'
import { invariant } from '../error/invariant.ts'
import { systemClock } from '../time/clock.ts'
import { toSteps, type FakeAnswer, type FakeStep } from './fake-answer.ts'

/** The running server. */
export interface ScriptedServer extends AsyncDisposable {
  readonly baseUrl: URL
  /** Every request so far, oldest first. */
  readonly requests: readonly UpstreamRequest[]
}

/** Plays the steps; false when the connection has ended meanwhile. */
async function play(steps: readonly FakeStep[], response: ServerResponse): Promise<boolean> {
  const gone = once(response, 'close')
  for (const step of steps) {
    if (response.destroyed) return false
    switch (step.kind) {
      case 'chunk':
        if (!response.write(step.bytes)) await Promise.race([once(response, 'drain'), gone])
        break
      case 'wait':
        await Promise.race([systemClock.sleep(step.durationMs), gone])
        break
      case 'stall':
        await gone
        return false
      case 'error':
        response.destroy()
        return false
    }
  }
  return !response.destroyed
}

async function toRequest(incoming: IncomingMessage): Promise<UpstreamRequest> {
  const body = await buffer(incoming)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return {
    url: new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`),
    method: incoming.method ?? 'GET',
    headers,
    body: body.length === 0 ? undefined : body,
  }
}

/** Listens on a free port of 127.0.0.1. Waits are real time; a step `error` breaks the connection. Closing breaks what is open. */
export async function createScriptedServer(answer: (request: UpstreamRequest, index: number) => FakeAnswer): Promise<ScriptedServer> {
  const requests: UpstreamRequest[] = []
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await toRequest(incoming)
    requests.push(request)
    const { before = [], status = 200, headers = {}, body } = answer(request, requests.length - 1)
    if (!(await play(before, response))) return
    response.writeHead(status, headers)
    response.flushHeaders()
    if (await play(toSteps(body), response)) response.end()
  }
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => {
      // The caller left or the script threw: a broken connection is what a caller sees of either.
      response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  invariant(typeof address === 'object' && address !== null, 'a listening server has an address')
  return {
    baseUrl: new URL(`http://127.0.0.1:${String(address.port)}`),
    requests,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
