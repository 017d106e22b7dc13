/** Ways in which an upstream fails a streamed answer, by the moment of the failure. */
import { doneFrame, finishFrame, refuse, roleFrame, startSse, streamThen, textFrame } from './openai-answers.ts'
import type { Answer } from './upstream.ts'

/** Before any content: a caller must never notice while another target can answer. */
export const faultsBeforeContent: Record<string, Answer> = {
  'answers 500': refuse(500),
  'answers 503 with Retry-After': refuse(503, { message: 'busy' }, { 'retry-after': '30' }),
  'answers 429': refuse(429, { message: 'slow down' }, { 'retry-after': '30' }),
  'refuses the credential': refuse(401, { message: 'bad key' }),
  'resets before headers': (res) => {
    res.destroy()
  },
  'stays silent': () => undefined,
  'is silent after its headers': (res) => {
    startSse(res)
    res.flushHeaders()
  },
  'sends lifecycle events only, then stalls': (res) => {
    startSse(res)
    res.write(roleFrame)
  },
  'closes cleanly without content': streamThen([roleFrame], (res) => res.end()),
  'ends properly without content': streamThen([roleFrame], (res) => res.end(doneFrame)),
  'resets after lifecycle events': streamThen([roleFrame], (res) => res.destroy()),
  'reports an error inside its 200': streamThen([roleFrame, 'data: {"error":{"message":"boom","type":"server_error"}}\n\n'], (res) =>
    res.end(),
  ),
  'sends garbage': streamThen(['data: {"choices":[{"del\n\n'], (res) => res.end()),
  'has the wrong content type': (res) => {
    res.writeHead(200, { 'content-type': 'text/html' })
    res.end('<html>login</html>')
  },
}

/** After content was sent: a caller must see that the answer is not whole. */
export const faultsAfterContent: Record<string, Answer> = {
  'resets the connection': streamThen([roleFrame, textFrame('half ')], (res) => res.destroy()),
  'closes cleanly without finishing': streamThen([roleFrame, textFrame('half ')], (res) => res.end()),
  'closes without its closing event': streamThen([roleFrame, textFrame('half '), finishFrame], (res) => res.end()),
  'closes in the middle of an event': streamThen([roleFrame, textFrame('half '), 'data: {"choi'], (res) => res.end()),
  stalls: (res) => {
    startSse(res)
    res.write(roleFrame + textFrame('half '))
  },
  'reports an error': streamThen([roleFrame, textFrame('half '), 'data: {"error":{"message":"boom","type":"server_error"}}\n\n'], (res) =>
    res.end(doneFrame),
  ),
  'sends garbage': streamThen([roleFrame, textFrame('half '), 'data: not json\n\n'], (res) => res.end(doneFrame)),
}

/** Faults that show only when the gateway's patience ends. */
const waits = new Set(['stays silent', 'is silent after its headers', 'sends lifecycle events only, then stalls', 'stalls'])

/**
 * Timeouts for a fault. Short ones hold for the healthy target too, which a busy machine may keep from answering for a while: only the faults that
 * need them get them, and all others more patience than any test has.
 */
export function timeoutsFor(fault: string) {
  const ms = waits.has(fault) ? 700 : 30_000
  return { connectMs: 30_000, ttftMs: ms, idleMs: ms, headersMs: ms, totalMs: 60_000 }
}
