/** Revocations that the store has not taken yet, as one empty file each, so that they outlast the process and no two processes write one file. */
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RevocationJournal } from '../key/key-ring.ts'

const ending = '.revoked'

/** The folder is made with the first revocation. */
export function createRevocationJournal(directory: string): RevocationJournal {
  // Encoded, an id is one name of a file, and with the ending never `.` or `..`.
  const pathOf = (id: string): string => join(directory, `${encodeURIComponent(id)}${ending}`)
  return {
    add: async (id) => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await using file = await open(pathOf(id), 'w', 0o600)
      await file.sync()
    },
    remove: (id) => rm(pathOf(id), { force: true }),
    list: async () => {
      const names = await readdir(directory).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
        throw error
      })
      return names.filter((name) => name.endsWith(ending)).map((name) => decodeURIComponent(name.slice(0, -ending.length)))
    },
  }
}
