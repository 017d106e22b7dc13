/** One connection that runs commands and scripts with a bound and a deadline, and turns failures into the store's errors. */
import { createHash } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import type { BudError } from '../error/bud-error.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

type Argument = string | Uint8Array

export interface ValkeyScript {
  readonly name: string
  readonly source: string
  readonly digest: string
}

export function createValkeyScript(name: string, source: string): ValkeyScript {
  return { name, source, digest: createHash('sha1').update(source).digest('hex') }
}

/** The server's own answers start with a code; these say that another try, or another node, will do. */
const temporary = new Set(['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY', 'TRYAGAIN', 'BUSY', 'NOREPLICAS', 'UNKILLABLE'])

function replyCodeOf(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'ReplyError' ? error.message.split(' ', 1)[0] : undefined
}

/** The shape of replies is ours to fix. */
export type ValkeyConnectionOptions = Omit<RedisOptions, 'replyMapping' | 'protocol' | 'stringNumbers'>

export class ValkeyConnection {
  readonly client: Redis
  readonly #timeoutMs: number
  #inFlight = 0
  #lastError: Error | undefined

  constructor(url: string, options: ValkeyConnectionOptions, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.client = new Redis(url, {
      // The client's own waits grow to two seconds: too long for revocations made while the server was away.
      retryStrategy: (attempt) => Math.min(attempt * 50, storeLimits.valkey.reconnectMs),
      ...options,
      lazyConnect: true,
      commandTimeout: timeoutMs,
      // The deadline ends the waiting, not a count of attempts.
      maxRetriesPerRequest: null,
      // A command that was on its way may have been carried out; sending it again is for the caller to decide.
      autoResendUnfulfilledCommands: false,
    })
    this.client.on('error', (error: Error) => {
      this.#lastError = error
    })
    this.client.on('ready', () => {
      this.#lastError = undefined
    })
  }

  get address(): string {
    const { host = 'localhost', port = 6379 } = this.client.options
    return `${host}:${String(port)}`
  }

  async run<Result>(operation: string, command: (client: Redis) => Promise<Result>): Promise<Result> {
    if (this.#inFlight >= storeLimits.valkey.pendingCommands) {
      const what = `${String(storeLimits.valkey.pendingCommands)} commands wait for ${this.address}`
      throw storeErrors.STORE_BUSY({ what, fix: 'slow down, or check the server' })
    }
    this.#inFlight += 1
    try {
      return await command(this.client)
    } catch (error) {
      throw this.#toStoreError(operation, error)
    } finally {
      this.#inFlight -= 1
    }
  }

  runScript(script: ValkeyScript, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map((arg) => (typeof arg === 'string' ? arg : Buffer.from(arg)))]
    return this.run(script.name, async (client) => {
      try {
        return await client.callBuffer('EVALSHA', [script.digest, ...rest])
      } catch (error) {
        if (replyCodeOf(error) !== 'NOSCRIPT') throw error
        return client.callBuffer('EVAL', [script.source, ...rest])
      }
    })
  }

  async close(): Promise<void> {
    try {
      if (this.client.status === 'ready') await this.client.quit()
    } catch {
      // The connection broke while it said goodbye, which is as closed as it gets.
    } finally {
      this.client.disconnect()
    }
  }

  #toStoreError(operation: string, error: unknown): BudError {
    const code = replyCodeOf(error)
    const reason = error instanceof Error ? error.message : String(error)
    if (code === 'OOM') return storeErrors.STORE_FULL({ what: `bytes on ${this.address} (maxmemory)`, limit: 0 }, { cause: error })
    if (code !== undefined && !temporary.has(code)) {
      return storeErrors.STORE_FAILED({ what: `${this.address} answered '${reason}' to '${operation}'` }, { cause: error })
    }
    // The client marks its timeout by nothing but this text.
    if (reason === 'Command timed out' && this.#lastError === undefined) {
      return storeErrors.STORE_TIMEOUT({ operation, timeoutMs: this.#timeoutMs }, { cause: error })
    }
    const what = `${this.address}: ${this.#lastError?.message ?? reason}`
    return storeErrors.STORE_UNREACHABLE({ what, fix: 'check the URL, the password and that the server runs' }, { cause: error })
  }
}
