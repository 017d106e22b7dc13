/** Runs optimize in a worker thread, so that the host's event loop only passes messages. */
import { Worker } from 'node:worker_threads'
import { coreErrors } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import type { OptimizeRequest } from '../optimize/optimize-request.ts'
import type { OptimizeResult } from '../optimize/optimizer.ts'
import type { OptimizeProgress } from '../optimize/search.ts'
import { fromFailure, type FromThread, type ToThread } from './thread-messages.ts'

export interface WorkerOptimizeOptions {
  /** Ends the search in the thread; the promise rejects with CORE_ABORTED at once. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: OptimizeProgress) => void) | undefined
}

export interface OptimizerWorkerOptions {
  /** Parsed files of trained corrections; absent: those that the package ships. */
  readonly corrections?: readonly object[] | undefined
}

export interface OptimizerWorker extends AsyncDisposable {
  /** As the function `optimize`; further calls run at the same time in the same thread. @throws also SIM_WORKER_CLOSED, SIM_WORKER_BUSY. */
  optimize(request: OptimizeRequest, options?: WorkerOptimizeOptions): Promise<OptimizeResult>
}

interface Waiting {
  readonly onProgress: WorkerOptimizeOptions['onProgress']
  readonly resolve: (result: OptimizeResult) => void
  readonly reject: (error: Error) => void
}

/** Beside this file in the sources; beside the built entry in the package. The sources name each other by their own condition. */
const fromSource = import.meta.url.endsWith('.ts')
const threadUrl = new URL(fromSource ? './optimizer-thread.ts' : './optimizer-thread.js', import.meta.url)

/** Starts the thread at the first call; it does not keep the process alive while nothing is asked. */
export function createOptimizerWorker({ corrections }: OptimizerWorkerOptions = {}): OptimizerWorker {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let closed = false
  let lastId = 0

  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) thread?.unref()
    return entry
  }
  const fail = (error: Error) => {
    thread = undefined
    for (const id of [...waiting.keys()]) settle(id)?.reject(error)
  }
  const receive = (message: FromThread) => {
    if (message.kind === 'progress') waiting.get(message.id)?.onProgress?.(message.progress)
    else if (message.kind === 'result') settle(message.id)?.resolve(message.result)
    else settle(message.id)?.reject(fromFailure(message.failure))
  }
  const start = (): Worker => {
    const worker = new Worker(threadUrl, fromSource ? { execArgv: ['--conditions=bud-source'] } : {})
    worker.on('message', receive)
    worker.on('error', (cause) => {
      fail(simErrors.WORKER_FAILED({ reason: cause instanceof Error ? cause.message : String(cause) }, { cause }))
    })
    worker.on('exit', (code) => {
      if (thread === worker) fail(simErrors.WORKER_FAILED({ reason: `the thread ended with code ${String(code)}` }))
    })
    return worker
  }

  return {
    optimize: (request, { signal, onProgress } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) throw simErrors.WORKER_CLOSED()
        if (waiting.size >= limits.workerCalls) throw simErrors.WORKER_BUSY({ calls: limits.workerCalls })
        if (signal?.aborted === true) throw coreErrors.ABORTED({ what: 'optimize' }, { cause: signal.reason })
        thread ??= start()
        const worker = thread
        const id = (lastId += 1)
        const tell = (message: ToThread) => {
          worker.postMessage(message)
        }
        // Throws before anything is kept when the request holds what no message can, such as a function.
        tell({ kind: 'optimize', id, request, corrections })
        worker.ref()
        const abort = () => {
          tell({ kind: 'abort', id })
          settle(id)?.reject(coreErrors.ABORTED({ what: 'optimize' }, { cause: signal?.reason }))
        }
        signal?.addEventListener('abort', abort, { once: true })
        const done = () => signal?.removeEventListener('abort', abort)
        waiting.set(id, {
          onProgress,
          resolve: (result) => {
            done()
            resolve(result)
          },
          reject: (error) => {
            done()
            reject(error)
          },
        })
      }),
    [Symbol.asyncDispose]: async () => {
      closed = true
      const worker = thread
      fail(simErrors.WORKER_CLOSED())
      await worker?.terminate()
    },
  }
}
