/** A Sink that appends events to a file, one JSON object a line. Several processes may share the file; it may be moved away at any time. */
import { appendFile } from 'node:fs/promises'
import { coreErrors, type BudEvent, type Sink, type SinkReceipt } from '@bud-foundry/core'

class NdjsonSink implements Sink {
  readonly contract = 'sink/1'
  readonly kinds = 'all'
  readonly #append: (text: string) => Promise<void>
  #produced = 0
  #stored = 0
  /** A write that failed half-way may have left half a line, which the next one must not be glued to. */
  #broken = false
  #closed = false
  #work: Promise<void> = Promise.resolve()

  constructor(append: (text: string) => Promise<void>) {
    this.#append = append
  }

  async write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void> {
    if (this.#closed) throw coreErrors.CLOSED({ what: 'the event file' })
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'writing events' }, { cause: signal.reason })
    if (batch.length === 0) return
    const text = `${batch.map((event) => JSON.stringify(event)).join('\n')}\n`
    const written = this.#work.then(() => this.#write(text))
    this.#work = written.catch(() => undefined)
    await written
    this.#produced += batch.length
    this.#stored += batch.length
  }

  /** Accepted means written, so there is nothing left to do but to wait for what is being written. */
  flush(): Promise<void> {
    return this.#work
  }

  receipt(): SinkReceipt {
    return { produced: this.#produced, stored: this.#stored, pending: 0, dropped: 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#work
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#append(this.#broken ? `\n${text}` : text)
      this.#broken = false
    } catch (error) {
      this.#broken = true
      throw error
    }
  }
}

export interface NdjsonSinkOptions {
  /** Made when missing, and opened anew for each batch, so that a file moved away is followed by a new one. */
  readonly path: string
}

/** Events may be repeated after a failed write; their `id` tells. */
export function createNdjsonSink(options: NdjsonSinkOptions): Sink {
  return new NdjsonSink((text) => appendFile(options.path, text, { mode: 0o640 }))
}

/** The same to a stream such as standard output. */
export function createNdjsonStreamSink(stream: NodeJS.WritableStream): Sink {
  return new NdjsonSink(
    (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      }),
  )
}
