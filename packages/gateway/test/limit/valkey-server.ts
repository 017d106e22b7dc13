/** A server of a test's own, so that it may be killed and started again; every write is on disk before it is answered. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Redis } from 'ioredis'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The program of the server that the service tests run against. */
async function programOf(url: string): Promise<string> {
  const admin = new Redis(url)
  const info = await admin.info('server')
  admin.disconnect()
  const program = /^executable:(.+)\r?$/m.exec(info)?.[1]
  if (program === undefined) throw new Error(`the server at ${url} does not say which program it is`)
  // Started by its bare name, it tells a path in the folder that it was started in.
  return existsSync(program.trim()) ? program.trim() : basename(program.trim())
}

export class ValkeyServer implements AsyncDisposable {
  readonly url: string
  readonly admin: Redis
  readonly #program: string
  readonly #port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'bud-valkey-'))
  #process: ChildProcess | undefined

  private constructor(program: string, port: number) {
    this.#program = program
    this.#port = port
    this.url = `redis://127.0.0.1:${String(port)}`
    this.admin = new Redis(this.url, { lazyConnect: true, maxRetriesPerRequest: null })
    // It is killed on purpose; the client connects again by itself.
    this.admin.on('error', () => undefined)
  }

  static async start(): Promise<ValkeyServer> {
    const url = process.env['BUD_TEST_VALKEY_URL']
    if (url === undefined) throw new Error('BUD_TEST_VALKEY_URL is not set: start a server with scripts/services')
    const server = new ValkeyServer(await programOf(url), await freePort())
    await server.start()
    await server.admin.connect()
    return server
  }

  async start(): Promise<void> {
    const persistence = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
    const options = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#directory, '--maxmemory-policy', 'noeviction']
    this.#process = spawn(this.#program, [...options, ...persistence], { stdio: ['ignore', 'pipe', 'inherit'] })
    let log = ''
    while (!log.includes('Ready to accept connections')) {
      const [chunk] = (await once(this.#process.stdout ?? this.#process, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
      log += chunk.toString()
    }
    this.#process.stdout?.resume()
  }

  /** It neither answers nor closes a connection until it may go on. */
  suspend(): void {
    this.#process?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const process = this.#process
    if (process === undefined) return
    const exit = once(process, 'exit')
    process.kill('SIGKILL')
    await exit
  }

  async nowMs(): Promise<number> {
    const [seconds, microseconds] = await this.admin.time()
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.disconnect()
    await this.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
