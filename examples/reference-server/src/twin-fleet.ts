/** Runs the replicas of the engine twin as child processes: started, watched, restarted with back-off, and gone when we are. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Clock, Logger } from '@bud-foundry/core'
import { z } from 'zod'
import { serverErrors } from './errors.ts'

const startTimeoutMs = 15_000
const stopTimeoutMs = 1_000
const restartDelayMs = { first: 250, most: 10_000 }

const readySchema = z.looseObject({ msg: z.literal('ready'), port: z.int().positive() })

export interface TwinFleet extends AsyncDisposable {
  /** Base URLs for an OpenAI client, one per replica; they stay the same when a replica is restarted. */
  readonly urls: readonly URL[]
  readonly model: string
}

export interface TwinFleetOptions {
  readonly replicas: number
  readonly model: string
  /** What callers ask for; default: the model. */
  readonly servedName?: string | undefined
  readonly hardwareId: string
  /** Hears every line that a replica writes. */
  readonly onLine?: ((replica: number, line: string) => void) | undefined
  readonly clock: Clock
  readonly logger: Logger
}

interface Twin {
  readonly port: number
  stop(): Promise<void>
}

function launch(replica: number, port: number, options: TwinFleetOptions): ChildProcess {
  const binary = fileURLToPath(import.meta.resolve('@bud-foundry/sim/bin/bud-sim'))
  const settings = {
    port,
    seed: replica + 1,
    model: options.model,
    'served-model-name': options.servedName ?? options.model,
    hardware: options.hardwareId,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  // The IPC channel closes when this process dies in whatever way; the twin then exits by itself. It gets no credentials of ours.
  return spawn(process.execPath, [...process.execArgv, binary, 'serve', '--exit-with-parent', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {},
  })
}

/** Resolves with the port that the twin listens on. */
function ready(child: ChildProcess, replica: number, { clock, onLine }: TwinFleetOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const lastWords: string[] = []
    const fail = (reason: string) => {
      timer[Symbol.dispose]()
      child.kill('SIGKILL')
      reject(serverErrors.TWIN_FAILED({ replica, reason: [reason, ...lastWords].join('; ') }))
    }
    const timer = clock.schedule(startTimeoutMs, () => {
      fail(`it was not ready within ${String(startTimeoutMs)} ms`)
    })
    child.once('error', (error) => {
      fail(error.message)
    })
    child.once('exit', (code, signal) => {
      fail(`it exited with ${String(code ?? signal)}`)
    })
    if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => lastWords.length < 5 && lastWords.push(line))
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', (line) => {
      onLine?.(replica, line)
      const message = readySchema.safeParse(parseLine(line))
      if (!message.success) return
      timer[Symbol.dispose]()
      child.removeAllListeners('exit').removeAllListeners('error')
      resolve(message.data.port)
    })
  })
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Keeps one replica alive on one port until it is stopped. */
async function superviseTwin(replica: number, options: TwinFleetOptions): Promise<Twin> {
  const { clock, logger } = options
  const stopping = new AbortController()
  let child = launch(replica, 0, options)
  const port = await ready(child, replica, options)

  const restart = async (delayMs: number): Promise<void> => {
    await clock.sleep(delayMs, stopping.signal)
    child = launch(replica, port, options)
    try {
      await ready(child, replica, options)
      logger.info('engine twin restarted', { replica, port })
      watch()
    } catch (error) {
      logger.error('engine twin did not restart', { replica, error })
      await restart(Math.min(delayMs * 2, restartDelayMs.most))
    }
  }
  const watch = () => {
    child.once('exit', (code, signal) => {
      if (stopping.signal.aborted) return
      logger.warn('engine twin exited', { replica, port, code, signal })
      restart(restartDelayMs.first).catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error('engine twin is given up', { replica, error })
      })
    })
  }
  watch()

  return {
    port,
    stop: async () => {
      stopping.abort()
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      using _ = clock.schedule(stopTimeoutMs, () => child.kill('SIGKILL'))
      await exited
    },
  }
}

/** @throws SERVER_TWIN_FAILED when any replica does not start; the others are stopped then. */
export async function startTwinFleet(options: TwinFleetOptions): Promise<TwinFleet> {
  const started = await Promise.allSettled(Array.from({ length: options.replicas }, (_, replica) => superviseTwin(replica, options)))
  const twins = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const stopAll = async () => {
    await Promise.all(twins.map((twin) => twin.stop()))
  }
  const failure = started.find((result) => result.status === 'rejected')
  if (failure !== undefined) {
    await stopAll()
    throw failure.reason
  }
  return {
    urls: twins.map(({ port }) => new URL(`http://127.0.0.1:${String(port)}/v1`)),
    model: options.servedName ?? options.model,
    [Symbol.asyncDispose]: stopAll,
  }
}
