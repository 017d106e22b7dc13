/** Removes a user from the file of events that no table could hold. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Erasure } from './erase-user.ts'

const ownerSchema = z.looseObject({ projectId: z.string(), userId: z.string() })

function isOf(line: string, { projectId, userId }: Erasure): boolean {
  try {
    const owner = ownerSchema.safeParse(JSON.parse(line))
    return owner.success && owner.data.projectId === projectId && owner.data.userId === userId
  } catch {
    // Half a line, from a crash: it names nobody.
    return false
  }
}

/** In one turn, because the sink appends to the file in turns of its own. Resolves with the number of events that are gone. */
export function eraseRefused(spoolDirectory: string, user: Erasure): number {
  const path = join(spoolDirectory, 'refused.ndjson')
  let lines: readonly string[]
  try {
    lines = readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
  const kept = lines.filter((line) => !isOf(line, user))
  if (kept.length < lines.length) {
    writeFileSync(`${path}.new`, kept.join('\n'))
    renameSync(`${path}.new`, path)
  }
  return lines.length - kept.length
}
