/** Lets forked processes use a Store that this process holds. */
import cluster, { type Worker } from 'node:cluster'
import type { Store } from '../contracts/store.ts'
import {
  decodeBytes,
  encodeBytes,
  encodeError,
  isStoreMessage,
  requestsSchema,
  type Answer,
  type Answers,
  type Call,
  type IpcEndpoint,
} from './ipc-protocol.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

const limits = storeLimits.ipc

class IpcServer implements Disposable {
  readonly #store: Store
  readonly #endpoint: IpcEndpoint
  readonly #subscriptions = new Map<number, Disposable>()
  #answers: Answers['answers'] = []
  #changes: Answers['changes'] = []
  #running = 0
  #closed = false

  constructor(store: Store, endpoint: IpcEndpoint) {
    this.#store = store
    this.#endpoint = endpoint
    endpoint.on('message', this.#onMessage)
    endpoint.on('disconnect', this.#onDisconnect)
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#endpoint.off('message', this.#onMessage)
    this.#endpoint.off('disconnect', this.#onDisconnect)
    for (const subscription of this.#subscriptions.values()) subscription[Symbol.dispose]()
    this.#subscriptions.clear()
  }

  readonly #onDisconnect = () => {
    this[Symbol.dispose]()
  }

  readonly #onMessage = (message: unknown) => {
    if (!isStoreMessage(message, 'requests/1')) return
    const parsed = requestsSchema.safeParse(message)
    // A process of another version; its requests time out there, with an error that says so.
    if (!parsed.success) return
    for (const { id, call } of parsed.data.requests) {
      if (this.#running >= limits.pendingRequests) {
        const what = `${String(limits.pendingRequests)} requests of one process are running`
        this.#answer({ id, result: null, error: encodeError(storeErrors.STORE_BUSY({ what, fix: 'slow down' })) })
        continue
      }
      this.#running += 1
      // #run never rejects: failures become answers.
      void this.#run(id, call)
    }
  }

  async #run(id: number, call: Call): Promise<void> {
    try {
      this.#answer({ id, result: (await this.#perform(id, call)) ?? null })
    } catch (error) {
      this.#answer({ id, result: null, error: encodeError(error) })
    } finally {
      this.#running -= 1
    }
  }

  async #perform(id: number, call: Call): Promise<unknown> {
    const store = this.#store
    switch (call.op) {
      case 'get': {
        const value = await store.get(call.key)
        return value === undefined ? undefined : encodeBytes(value)
      }
      case 'set':
        return store.set(call.key, decodeBytes(call.value), call)
      case 'compareAndSet': {
        const [expected, value] = [call.expected, call.value].map((bytes) => (bytes === undefined ? undefined : decodeBytes(bytes)))
        return store.compareAndSet(call.key, expected, value, call)
      }
      case 'delete':
        return store.delete(call.key)
      case 'list':
        return this.#list(id, call.prefix)
      case 'reserve':
        return store.reserve(call.claims)
      case 'settle':
        return store.settle(call.id, call.actual)
      case 'renew':
        return store.renew(call.ids, call.leaseMs)
      case 'subscribe':
        return this.#subscribe(call.subscription, call.prefix)
      case 'unsubscribe':
        this.#subscriptions.get(call.subscription)?.[Symbol.dispose]()
        this.#subscriptions.delete(call.subscription)
        return undefined
    }
  }

  async #list(id: number, prefix: string): Promise<readonly string[]> {
    let page: string[] = []
    for await (const key of this.#store.list(prefix)) {
      if (page.length >= limits.listPage) {
        this.#answer({ id, result: page, more: true })
        page = []
      }
      page.push(key)
    }
    return page
  }

  #subscribe(subscription: number, prefix: string): void {
    if (this.#closed || this.#subscriptions.has(subscription)) return
    const feed = this.#store.subscribe(prefix, (change) => {
      this.#changes.push({ subscription, change })
      this.#scheduleSend()
    })
    this.#subscriptions.set(subscription, feed)
  }

  #answer(answer: Answer): void {
    this.#answers.push(answer)
    this.#scheduleSend()
  }

  /** One message for everything that is ready in this turn of the event loop. */
  #scheduleSend(): void {
    if (this.#answers.length + this.#changes.length !== 1) return
    setImmediate(() => {
      const message: Answers = { budStore: 'answers/1', answers: this.#answers, changes: this.#changes }
      this.#answers = []
      this.#changes = []
      if (this.#closed) return
      this.#endpoint.send?.(message, (error) => {
        // The channel is gone, and with it whoever waited; a later 'disconnect' would find nothing left to do.
        if (error !== null) this[Symbol.dispose]()
      })
    })
  }
}

/** Serves one process. Disposing stops it, not the store. */
export function serveIpcStore(store: Store, endpoint: IpcEndpoint): Disposable {
  return new IpcServer(store, endpoint)
}

/** Serves every worker of this cluster primary, those forked later too. */
export function serveClusterStore(store: Store): Disposable {
  const servers = new Map<number, Disposable>()
  const attach = (worker: Worker) => {
    servers.set(worker.id, serveIpcStore(store, worker))
  }
  const detach = (worker: Worker) => {
    servers.get(worker.id)?.[Symbol.dispose]()
    servers.delete(worker.id)
  }
  for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) attach(worker)
  cluster.on('fork', attach)
  cluster.on('disconnect', detach)
  return {
    [Symbol.dispose]: () => {
      cluster.off('fork', attach)
      cluster.off('disconnect', detach)
      for (const server of servers.values()) server[Symbol.dispose]()
      servers.clear()
    },
  }
}
