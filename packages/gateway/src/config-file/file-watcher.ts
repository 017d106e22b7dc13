/** Watches files by looking at them: works for editors that replace files, for mounted secrets behind links, and on every file system. */
import { stat } from 'node:fs/promises'
import type { Clock } from '@bud-foundry/core'
import { restlessLooks, watchedFiles, watchPollMs } from './config-file-limits.ts'

export interface FileWatcherOptions {
  /** Asked for at each look, because a configuration may come to refer to other files. */
  readonly files: () => readonly string[]
  readonly clock: Clock
  /** Called once for each change that has settled, never twice at a time. */
  readonly onChange: () => Promise<void>
  /** Default 250. */
  readonly pollMs?: number | undefined
}

async function look(path: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino, dev } = await stat(path, { bigint: true })
    return [mtimeNs, ctimeNs, size, ino, dev].join(':')
  } catch {
    // Gone for a moment while it is replaced, or for good: a change like any other.
    return 'absent'
  }
}

class FileWatcher implements AsyncDisposable {
  readonly #options: FileWatcherOptions
  #settled: ReadonlyMap<string, string> = new Map()
  #last: ReadonlyMap<string, string> = new Map()
  #timer: Disposable | undefined
  /** Looks in a row that found the files changed and not at rest. */
  #restless = 0
  #looking: Promise<void>
  #closed = false

  constructor(options: FileWatcherOptions) {
    this.#options = options
    this.#looking = this.#look()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#looking
  }

  async #look(): Promise<void> {
    const files = this.#options.files().slice(0, watchedFiles)
    const seen = new Map(await Promise.all(files.map(async (file): Promise<[string, string]> => [file, await look(file)])))
    if (this.#closed) return
    const differs = (other: ReadonlyMap<string, string>) => files.some((file) => other.has(file) && other.get(file) !== seen.get(file))
    const isChange = differs(this.#settled)
    // A file that never rests is read all the same: an old configuration for ever would be worse than half of a new one, which is refused.
    const isStill = !differs(this.#last) || this.#restless >= restlessLooks
    this.#restless = isChange && !isStill ? this.#restless + 1 : 0
    this.#last = seen
    // A file that is looked at for the first time is no change.
    this.#settled = isChange && !isStill ? new Map([...seen, ...this.#settled]) : seen
    if (isChange && isStill) await this.#options.onChange()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.schedule(this.#options.pollMs ?? watchPollMs, () => {
      this.#looking = this.#look()
    })
  }
}

/** Starts at once; what the files are like now is no change. `onChange` must not reject. */
export function watchFiles(options: FileWatcherOptions): AsyncDisposable {
  return new FileWatcher(options)
}
