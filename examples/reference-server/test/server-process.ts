/** Runs the server as its users do, as a process of its own, and talks to it over HTTP. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface RunningServer {
  readonly url: string
  readonly apiKey: string
  readonly pid: number
  /** Everything that it wrote so far, both streams. */
  output(): string
  call(
    path: string,
    init?: { method?: string; body?: unknown; key?: string | undefined; headers?: Record<string, string> },
  ): Promise<Response>
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly tookMs: number }>
}

export interface StartOptions {
  readonly dataDirectory: string
  readonly env?: Readonly<Record<string, string>>
}

function launch({ dataDirectory, env = {} }: StartOptions): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['--conditions=bud-source', '--disable-warning=ExperimentalWarning', main], {
    env: { PATH: process.env['PATH'] ?? '', BUD_DATA_DIR: dataDirectory, BUD_PORT: '0', BUD_LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pieces: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece.toString()))
  return { child, output: () => pieces.join('') }
}

/** For starts that must fail: the exit code and what was said. */
export async function failToStart(options: StartOptions): Promise<{ readonly code: unknown; readonly output: string }> {
  const { child, output } = launch(options)
  const [code] = await once(child, 'exit')
  return { code, output: output() }
}

export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { child, output } = launch(options)
  const ready = await new Promise<{ url: string; apiKey: string }>((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`the server exited with ${String(code)}:\n${output()}`))
    })
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', (line) => {
      if (!line.includes('"msg":"ready"')) return
      // Safe: the line is our own and its fields are checked by the tests that use them.
      resolve(JSON.parse(line) as { url: string; apiKey: string })
    })
  })
  return {
    ...ready,
    pid: child.pid ?? 0,
    output,
    call: (path, { method, body, key = ready.apiKey, headers = {} } = {}) =>
      fetch(`${ready.url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, tookMs: 0 }
      const startMs = performance.now()
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      return { code, tookMs: performance.now() - startMs }
    },
  }
}

/** Polls until the value is there: the server stores events a moment after it answered. */
export async function eventually<Value>(read: () => Promise<Value | undefined>, what: string): Promise<Value> {
  const deadlineMs = performance.now() + 10_000
  while (performance.now() < deadlineMs) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what} did not happen within 10 s`)
}
