/** A directory of a test's own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestDirectory extends AsyncDisposable {
  readonly path: string
  /** Writes a file, objects as JSON, and returns its path. */
  write(name: string, content: unknown): Promise<string>
}

export async function createDirectory(): Promise<TestDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'bud-gateway-'))
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name)
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
