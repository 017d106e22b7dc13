/** The thread of an optimizer worker: runs what it is told to, several at a time, and stops what is aborted. */
import { parentPort } from 'node:worker_threads'
import { loadCorrections } from '../correct/corrections.ts'
import { optimize } from '../optimize/optimizer.ts'
import { toFailure, type FromThread, type ToThread } from './thread-messages.ts'

const running = new Map<number, AbortController>()

const tell = (message: FromThread): void => parentPort?.postMessage(message)

async function run({ id, request, corrections }: ToThread & { readonly kind: 'optimize' }): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const result = await optimize(request, {
      signal: controller.signal,
      onProgress: (progress) => {
        tell({ kind: 'progress', id, progress })
      },
      ...(corrections === undefined ? {} : { corrections: loadCorrections(corrections) }),
    })
    tell({ kind: 'result', id, result })
  } catch (error) {
    tell({ kind: 'failure', id, failure: toFailure(error) })
  } finally {
    running.delete(id)
  }
}

// Only the worker that started this thread writes to its port.
parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'abort') running.get(message.id)?.abort()
  else void run(message)
})
