/** Makes the directory of the embedded engine, and turns the engine's terse refusals into what is really wrong. */
import { constants, readFileSync } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { metricsErrors } from '../errors.ts'

/** The engine binds one directory per process; this is the one, and how many clients share it. */
const held: { path: string | undefined; clients: number } = { path: undefined, clients: 0 }

export interface DirectoryClaim {
  readonly path: string
  /** Runs the engine's constructor and explains its failure. */
  open<Connection>(connect: () => Connection): Connection
  release(): void
}

const readCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)

/** The engine writes `PID: n` into the file that it locks. */
function readHolder(path: string): number | undefined {
  try {
    const match = /^PID: (\d+)$/m.exec(readFileSync(join(path, 'status'), 'utf8'))
    const pid = Number(match?.[1])
    if (!Number.isInteger(pid) || pid === process.pid) return undefined
    // Signal 0 only asks whether the process exists; it throws when it does not.
    process.kill(pid, 0)
    return pid
  } catch {
    // No such file or no such process: nobody holds it, which is the answer.
    return undefined
  }
}

/** @throws METRICS_DIRECTORY_UNWRITABLE, METRICS_ENGINE_BUSY; its `open` METRICS_DIRECTORY_IN_USE, METRICS_DIRECTORY_UNREADABLE */
export async function claimDirectory(directory: string): Promise<DirectoryClaim> {
  const path = resolve(directory)
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw metricsErrors.DIRECTORY_UNWRITABLE({ directory: path, reason: readCode(error) }, { cause: error })
  }
  if (held.path !== undefined && held.path !== path) throw metricsErrors.ENGINE_BUSY({ directory: path, openDirectory: held.path })
  held.path = path
  held.clients += 1
  let released = false
  const release = () => {
    if (released) return
    released = true
    held.clients -= 1
    if (held.clients === 0) held.path = undefined
  }
  return {
    path,
    release,
    open(connect) {
      try {
        return connect()
      } catch (error) {
        release()
        const holder = readHolder(path)
        if (holder !== undefined)
          throw metricsErrors.DIRECTORY_IN_USE({ directory: path, holder: `process ${String(holder)}` }, { cause: error })
        const reason = error instanceof Error ? error.message : String(error)
        throw metricsErrors.DIRECTORY_UNREADABLE({ directory: path, reason }, { cause: error })
      }
    },
  }
}
