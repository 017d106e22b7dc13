/** The `serve` command: one process, or a primary whose workers share its port and its store; reloads and stops as it is told. */
import cluster from 'node:cluster'
import { isBudError, systemClock, systemRandom, type Store } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import { serveClusterStore } from '@bud-foundry/core/store/ipc'
import { watchFiles } from '../config-file/file-watcher.ts'
import { WorkerPool } from '../node/worker-pool.ts'
import type { ServeOptions } from './command-line.ts'
import { loadConfig, type ConfigSurroundings, type LoadedConfig } from './load-config.ts'
import { openStore } from './open-store.ts'
import { hintAtKeys, startProcess } from './start-process.ts'

/** What reloads and stops together: this process's gateway, or all workers. */
interface Fleet {
  readonly url: string
  readonly adminUrl: string | undefined
  update(config: LoadedConfig): Promise<void>
  stop(graceMs: number): Promise<void>
}

/** Whatever hangs while the process stops is abandoned after grace time and this. */
const exitAfterMs = 6_000

/** Terminals, npm and `timeout` send one signal twice, to the process and to its group. */
const echoMs = 500

async function startAlone(loaded: LoadedConfig, options: ServeOptions, parts: Parts): Promise<Fleet> {
  const running = await startProcess(loaded.prepared, options, parts)
  hintAtKeys(running, parts.logger, options)
  return {
    url: running.url,
    adminUrl: running.adminUrl,
    update: ({ prepared }) => running.update(prepared),
    stop: (graceMs) => running.stop(graceMs),
  }
}

async function startWorkers(loaded: LoadedConfig, options: ServeOptions, { store, logger }: Parts): Promise<Fleet> {
  const sharing = serveClusterStore(store)
  const pool = new WorkerPool({ count: options.workers, clock: systemClock, random: systemRandom, logger })
  const stop = async (graceMs: number) => {
    await pool.stop(graceMs)
    sharing[Symbol.dispose]()
  }
  try {
    const { url, adminUrl } = await pool.start(loaded.data)
    return {
      url,
      adminUrl,
      update: ({ data }) => pool.update(data),
      stop,
    }
  } catch (error) {
    await stop(0)
    throw error
  }
}

interface Parts extends ConfigSurroundings {
  readonly store: Store
  readonly logger: StructuredLogger
}

class Reloader {
  readonly #fleet: Fleet
  readonly #options: ServeOptions
  readonly #parts: Parts
  #files: readonly string[]
  #work: Promise<void> = Promise.resolve()

  constructor(fleet: Fleet, options: ServeOptions, parts: Parts, loaded: LoadedConfig) {
    this.#fleet = fleet
    this.#options = options
    this.#parts = parts
    this.#files = loaded.prepared.files
  }

  get files(): readonly string[] {
    return this.#files
  }

  /** One after the other; never rejects. */
  readonly reload = (): Promise<void> => {
    this.#work = this.#work.then(() => this.#reload())
    return this.#work
  }

  async #reload(): Promise<void> {
    const { logger } = this.#parts
    try {
      const loaded = await loadConfig(this.#options, this.#parts)
      await this.#fleet.update(loaded)
      this.#files = loaded.prepared.files
      logger.info('the configuration was reloaded', { config: this.#options.config })
    } catch (error) {
      logger.error('the new configuration is not used; the one before stays in force', {
        config: this.#options.config,
        problems: isBudError(error) ? error.message : String(error),
        code: isBudError(error) ? error.code : undefined,
      })
    }
  }
}

/** Resolves with the exit code once everything has stopped. */
export async function serve(
  options: ServeOptions,
  surroundings: Omit<ConfigSurroundings, 'signal'>,
  logger: StructuredLogger,
): Promise<number> {
  const ending = new AbortController()
  const asked: PromiseWithResolvers<string> = Promise.withResolvers()
  let askedAtMs = 0
  const onSignal = (signal: string) => {
    if (!ending.signal.aborted) {
      askedAtMs = systemClock.monotonicMs()
      ending.abort()
      asked.resolve(signal)
    } else if (signal === 'SIGINT' && systemClock.monotonicMs() - askedAtMs > echoMs) {
      // Whoever presses Ctrl-C again does not want to wait.
      process.exit(1)
    }
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  // Until there is something to reload: the signal's default would end the process.
  let reload = (): Promise<void> => Promise.resolve()
  process.on('SIGHUP', () => {
    void reload()
  })
  const loaded = await loadConfig(options, { ...surroundings, signal: ending.signal })
  await using store = await openStore(options, surroundings.secrets)
  const parts: Parts = { ...surroundings, signal: ending.signal, store, logger }
  // A worker process is not as light as a thread: one worker is this process itself.
  const fleet = await (options.workers > 1 && cluster.isPrimary ? startWorkers : startAlone)(loaded, options, parts)
  const reloader = new Reloader(fleet, options, parts, loaded)
  reload = reloader.reload
  const watcher = options.watch ? watchFiles({ files: () => reloader.files, clock: systemClock, onChange: reloader.reload }) : undefined
  logger.info('listening', { url: fleet.url, adminUrl: fleet.adminUrl, workers: options.workers, pid: process.pid })
  const signal = await asked.promise
  logger.info('stopping', { signal, graceMs: options.graceMs })
  setTimeout(() => process.exit(1), options.graceMs + exitAfterMs).unref()
  await watcher?.[Symbol.asyncDispose]()
  await fleet.stop(options.graceMs)
  logger.info('stopped')
  return 0
}
