/** A real key-value server that speaks the Redis protocol (Debian's redis-server 7, or valkey-server where present), without persistence. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { ensureProgram, runTool } from './install.ts'
import { freePort, startProcess, type Service } from './service.ts'

const majorWanted = /v=(?:7|8)\./
const readyTimeoutMs = 10_000

const answersPing = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1_000) })
    socket.write('PING\r\n')
    const reply: unknown[] = await once(socket, 'data', { signal: AbortSignal.timeout(1_000) })
    return String(reply[0]).startsWith('+PONG')
  } finally {
    socket.destroy()
  }
}

export const valkey: Service = {
  name: 'valkey',
  start: async () => {
    const program = await ensureProgram('redis-server', 'redis-server')
    const version = await runTool(program, ['--version'])
    if (!majorWanted.test(version)) throw new Error(`The service tests know Redis 7 and Valkey 8, but ${program} says: ${version.trim()}`)
    const port = await freePort()
    const stop = await startProcess({
      command: program,
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'],
      isReady: () => answersPing(port),
      readyTimeoutMs,
    })
    return { environment: { BUD_TEST_VALKEY_URL: `redis://127.0.0.1:${port}` }, description: version.trim(), stop }
  },
}
