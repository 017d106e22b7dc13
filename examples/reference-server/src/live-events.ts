/** Fans request events out to open pages as server-sent events; a page that does not read is let go, never waited for. */
import type { Clock } from '@bud-foundry/core'

/** Pages that may watch at once; each costs a socket and at most `bufferedEventsMax` events. */
const watchersMax = 64
const bufferedEventsMax = 1_000
const heartbeatMs = 15_000

export interface LiveEvents extends Disposable {
  publish(event: 'request-start' | 'request', data: unknown, projectId: string): void
  /** A stream of what happens from now on; undefined when too many watch already. `projectId` undefined watches all projects. */
  watch(projectId: string | undefined, signal: AbortSignal): Response | undefined
}

interface Watcher {
  readonly projectId: string | undefined
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly beat: { timer: Disposable }
}

const encoder = new TextEncoder()

export function createLiveEvents(clock: Clock): LiveEvents {
  const watchers = new Set<Watcher>()

  const leave = (watcher: Watcher) => {
    watcher.beat.timer[Symbol.dispose]()
    watchers.delete(watcher)
  }
  const close = (watcher: Watcher) => {
    if (!watchers.has(watcher)) return
    leave(watcher)
    watcher.controller.close()
  }
  const send = (watcher: Watcher, bytes: Uint8Array) => {
    // The page reconnects and asks the API for what it missed.
    if ((watcher.controller.desiredSize ?? 0) <= 0) close(watcher)
    else watcher.controller.enqueue(bytes)
  }
  const beat = (watcher: Watcher) => {
    watcher.beat.timer = clock.schedule(heartbeatMs, () => {
      if (!watchers.has(watcher)) return
      send(watcher, encoder.encode(': alive\n\n'))
      beat(watcher)
    })
  }

  return {
    publish: (event, data, projectId) => {
      if (watchers.size === 0) return
      const bytes = encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      for (const watcher of watchers) {
        if (watcher.projectId === undefined || watcher.projectId === projectId) send(watcher, bytes)
      }
    },
    watch: (projectId, signal) => {
      if (watchers.size >= watchersMax) return undefined
      let watcher: Watcher | undefined
      const stream = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            watcher = { projectId, controller, beat: { timer: { [Symbol.dispose]: () => undefined } } }
            watchers.add(watcher)
            controller.enqueue(encoder.encode('retry: 1000\n\n'))
            beat(watcher)
          },
          cancel: () => {
            if (watcher !== undefined) leave(watcher)
          },
        },
        { highWaterMark: bufferedEventsMax },
      )
      signal.addEventListener('abort', () => watcher !== undefined && close(watcher), { once: true })
      return new Response(stream, {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      })
    },
    [Symbol.dispose]: () => {
      for (const watcher of [...watchers]) close(watcher)
    },
  }
}
