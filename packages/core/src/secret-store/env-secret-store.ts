/** A SecretStore over environment variables and mounted files, as containers and systemd hand secrets over. */
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { createSecret, type Secret } from '../config/secret.ts'
import type { SecretStore } from '../contracts/secret-store.ts'
import { coreErrors } from '../error/core-errors.ts'
import { secretStoreErrors } from './secret-store-errors.ts'

/** Keys and certificates fit many times; a wrong path to a large file does not. */
const fileBytesMax = 64 * 1024
const expected = "'env:NAME' or 'file:/absolute/path'"

function readVariable(reference: string, name: string, environment: Readonly<Record<string, string | undefined>>): Secret {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw secretStoreErrors.SECRET_REFERENCE_INVALID({ reference, expected })
  const plain = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (plain === undefined || plain === '') {
    throw secretStoreErrors.SECRET_NOT_FOUND({ reference, fix: `set the environment variable ${name}` })
  }
  return createSecret(plain)
}

async function readBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(fileBytesMax + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.byteLength - length)
      length += bytesRead
      if (bytesRead === 0 || length === bytes.byteLength) return bytes.subarray(0, length)
    }
  } finally {
    await file.close()
  }
}

async function readSecretFile(reference: string, path: string): Promise<Secret> {
  if (!isAbsolute(path)) throw secretStoreErrors.SECRET_REFERENCE_INVALID({ reference, expected })
  let bytes
  try {
    bytes = await readBytes(path)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isMissing) throw secretStoreErrors.SECRET_NOT_FOUND({ reference, fix: 'create the file, or correct the path' }, { cause: error })
    const reason = error instanceof Error ? error.message : String(error)
    throw secretStoreErrors.SECRET_UNREADABLE({ reference, reason }, { cause: error })
  }
  const unreadable = (reason: string) => secretStoreErrors.SECRET_UNREADABLE({ reference, reason })
  if (bytes.byteLength > fileBytesMax) throw unreadable(`it has more than ${String(fileBytesMax)} bytes`)
  let plain
  try {
    // Editors and `echo` end files with a line feed that is no part of the secret.
    plain = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw unreadable('it is not UTF-8 text')
  }
  if (plain === '') throw secretStoreErrors.SECRET_NOT_FOUND({ reference, fix: 'the file is empty; write the secret to it' })
  return createSecret(plain)
}

/**
 * Reads `env:NAME` from the record that is passed in, and `file:/absolute/path` from the disk, anew each time, so that rotated files count.
 * Reading throws CORE_SECRET_REFERENCE_INVALID, CORE_SECRET_NOT_FOUND or CORE_SECRET_UNREADABLE.
 */
export function createEnvSecretStore(options: { readonly environment: Readonly<Record<string, string | undefined>> }): SecretStore {
  return {
    contract: 'secret-store/1',
    read: async (reference, signal) => {
      if (signal.aborted) throw coreErrors.ABORTED({ what: 'reading a secret' }, { cause: signal.reason })
      if (reference.startsWith('env:')) return readVariable(reference, reference.slice('env:'.length), options.environment)
      if (reference.startsWith('file:')) return readSecretFile(reference, reference.slice('file:'.length))
      throw secretStoreErrors.SECRET_REFERENCE_INVALID({ reference, expected })
    },
  }
}
