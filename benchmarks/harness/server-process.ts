/** Starts a server as a child process, waits until it answers, and stops it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** After this a server that ignores SIGTERM is killed. */
const stopMs = 3_000

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly port: number
  readonly startSeconds?: number
}

/** @throws when it exits or does not accept connections in time, with what it wrote to standard error. */
export async function startServer({ command, args, env, port, startSeconds = 20 }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)))
  child.on('error', (error) => (words += error.message))
  for (let waited = 0; waited < startSeconds * 10; waited += 1) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} did not start: ${words}`)
    if (await accepts(port)) {
      const { pid } = child
      return {
        pid,
        port,
        [Symbol.asyncDispose]: async () => {
          if (child.exitCode !== null) return
          const exited = once(child, 'exit')
          child.kill('SIGTERM')
          const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
          await exited
          clearTimeout(timer)
        },
      }
    }
    await sleep(100)
  }
  child.kill('SIGKILL')
  throw new Error(`${command} did not listen on ${String(port)} within ${String(startSeconds)} s: ${words}`)
}
