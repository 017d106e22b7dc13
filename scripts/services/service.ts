/** What a real server of the service tier looks like to the runner, and how its process is started, watched and ended. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface RunningService {
  /** Variables that tell the tests where the server is. */
  readonly environment: Readonly<Record<string, string>>
  /** What runs, with its version, for the log. */
  readonly description: string
  readonly stop: () => Promise<void>
}

export interface Service {
  readonly name: string
  /** Installs what is missing, starts the server and returns once it answers. Throws when it cannot. */
  readonly start: () => Promise<RunningService>
}

export interface ServerProcess {
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Resolves to true once the server answers; may throw while it does not. */
  readonly isReady: () => Promise<boolean>
  readonly readyTimeoutMs: number
}

const pollMs = 50
const stopTimeoutMs = 5_000
const keptOutputBytes = 8_000

/** A loopback port that was free a moment ago, for servers that cannot report the one they picked. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('A loopback socket reported no port.')
  return address.port
}

const keepOutput = (child: ChildProcess): (() => string) => {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptOutputBytes)
    })
  }
  return () => output
}

const endOf = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()))

const stopProcess = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGTERM')
  const patience = new AbortController()
  await Promise.race([endOf(child), delay(stopTimeoutMs, undefined, { signal: patience.signal }).catch(() => undefined)])
  patience.abort()
  child.kill('SIGKILL')
  await endOf(child)
}

/** Starts a server in our process group, so that it cannot outlive the run, and waits until it is ready. Returns the function that stops it. */
export const startProcess = async (server: ServerProcess): Promise<() => Promise<void>> => {
  const child = spawn(server.command, server.args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...server.environment } })
  const output = keepOutput(child)
  let spawnError: Error | undefined
  child.once('error', (error) => (spawnError = error))
  const deadlineMs = performance.now() + server.readyTimeoutMs
  for (;;) {
    if (spawnError !== undefined) throw new Error(`${server.command} could not be started: ${spawnError.message}`, { cause: spawnError })
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${server.command} ended before it was ready:\n${output()}`)
    if (await server.isReady().catch(() => false)) return () => stopProcess(child)
    if (performance.now() > deadlineMs) {
      await stopProcess(child)
      throw new Error(`${server.command} was not ready within ${server.readyTimeoutMs} ms:\n${output()}`)
    }
    await delay(pollMs)
  }
}
