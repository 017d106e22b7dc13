/** The changes that a Valkey server publishes, over a connection of its own that comes back after every break. */
import type { Redis } from 'ioredis'
import type { Clock } from '../time/clock.ts'
import type { ChangeHub } from './change-hub.ts'
import { storeLimits } from './store-limits.ts'

export class ValkeyFeed {
  readonly #client: Redis
  readonly #channel: string
  readonly #hub: ChangeHub
  readonly #clock: Clock
  #isLive = false
  #probe: Disposable | undefined

  constructor(options: { readonly client: Redis; readonly channel: string; readonly hub: ChangeHub; readonly clock: Clock }) {
    this.#channel = options.channel
    this.#hub = options.hub
    this.#clock = options.clock
    this.#client = options.client.duplicate({ autoResubscribe: false, lazyConnect: true })
    // Every break ends in 'ready' again, and with it in resync; there is nothing else to do about one.
    this.#client.on('error', () => undefined)
    this.#client.on('ready', () => {
      this.#listen()
    })
    this.#client.on('close', () => {
      this.#isLive = false
    })
    this.#client.on('message', (_: string, payload: string) => {
      this.#hub.emit({ kind: payload.startsWith('s') ? 'set' : 'delete', key: payload.slice(1) })
    })
    // A first attempt that fails is followed by others, as every later break is.
    this.#client.connect().catch(() => undefined)
    this.#scheduleProbe()
  }

  get isLive(): boolean {
    return this.#isLive
  }

  close(): void {
    this.#probe?.[Symbol.dispose]()
    this.#client.disconnect()
  }

  #listen(): void {
    this.#client.subscribe(this.#channel).then(
      () => {
        this.#isLive = true
        this.#hub.resync()
      },
      () => {
        this.#client.disconnect(true)
      },
    )
  }

  /** A connection that died without a word would leave subscribers deaf for good. */
  #scheduleProbe(): void {
    this.#probe = this.#clock.schedule(storeLimits.valkey.probeEveryMs, () => {
      if (this.#isLive) {
        this.#client.ping().catch(() => {
          this.#client.disconnect(true)
        })
      }
      this.#scheduleProbe()
    })
  }
}
