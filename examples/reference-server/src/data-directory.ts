/** The server's directory: made, checked for its format, and held by one process at a time. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isBudError } from '@bud-foundry/core'
import { lockDirectory } from '@bud-foundry/core/store/lock'
import { z } from 'zod'
import { serverErrors } from './errors.ts'

/** Raised when a newer server could no longer be replaced by this one. */
const formatSupported = 1

const versionSchema = z.strictObject({ format: z.int().positive() })

export interface DataDirectory extends Disposable {
  readonly path: string
  /** A path inside. */
  file(name: string): string
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function prepare(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw serverErrors.DATA_DIRECTORY_UNWRITABLE({ path, reason: reasonOf(error) }, { cause: error })
  }
}

function lock(path: string): Disposable {
  try {
    return lockDirectory(path)
  } catch (error) {
    if (isBudError(error) && error.code === 'CORE_STORE_LOCKED') throw serverErrors.DATA_DIRECTORY_LOCKED({ path }, { cause: error })
    throw serverErrors.DATA_DIRECTORY_UNWRITABLE({ path, reason: reasonOf(error) }, { cause: error })
  }
}

function checkVersion(path: string): void {
  const file = join(path, 'version.json')
  if (!existsSync(file)) {
    const next = `${file}.next`
    writeFileSync(next, `${JSON.stringify({ format: formatSupported })}\n`)
    renameSync(next, file)
    return
  }
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw serverErrors.DATA_DIRECTORY_FOREIGN({ path }, { cause: error })
  }
  const version = versionSchema.safeParse(content)
  if (!version.success) throw serverErrors.DATA_DIRECTORY_FOREIGN({ path })
  if (version.data.format > formatSupported) {
    throw serverErrors.DATA_DIRECTORY_NEWER({ path, found: version.data.format, supported: formatSupported })
  }
}

/** @throws SERVER_DATA_DIRECTORY_LOCKED, _UNWRITABLE, _NEWER or _FOREIGN; nothing is changed then. */
export function openDataDirectory(where: string): DataDirectory {
  const path = resolve(where)
  prepare(path)
  const held = lock(path)
  try {
    checkVersion(path)
  } catch (error) {
    held[Symbol.dispose]()
    throw error
  }
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => {
      held[Symbol.dispose]()
    },
  }
}
