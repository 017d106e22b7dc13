/** Gateways in other languages, in pinned versions, outside the repository: where they lie, how they get there, and why one is missing. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, cacheFolder, runTool } from '../../scripts/services/install.ts'

export interface Rival {
  readonly name: 'litellm' | 'bifrost'
  readonly version: string
  /** Inside the cache folder; names everything that goes in. */
  readonly folderId: string
  readonly install: (folder: string) => Promise<void>
}

const requirements = fileURLToPath(new URL('./litellm-requirements.txt', import.meta.url))
const requirementsHash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)

/** PyPI's `litellm[proxy]` with every package that it brought, as resolved on Python 3.11. */
const litellm: Rival = {
  name: 'litellm',
  version: '1.106.2',
  folderId: `litellm-${requirementsHash}`,
  install: async (folder) => {
    await runTool('python3', ['-m', 'venv', folder])
    await runTool(path.join(folder, 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ])
  },
}

/** Through the Go module proxy; the npm package of the same name only downloads a binary from a host of its maker. */
const bifrost: Rival = {
  name: 'bifrost',
  version: '1.3.9',
  folderId: 'bifrost-1.3.9',
  install: async (folder) => {
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '1', GOTOOLCHAIN: 'local' }
    await runTool('go', ['install', `github.com/maximhq/bifrost/transports/bifrost-http@v${bifrost.version}`], { env })
  },
}

export const rivals = { litellm, bifrost }

const failureFile = (rival: Rival) => path.join(cacheFolder(), `${rival.folderId}.failed`)

/** Installs it unless it is there. Throws with what the installer said, which is kept for the benchmark's result. */
export async function installRival(rival: Rival): Promise<string> {
  try {
    return await cachedFolder(rival.folderId, rival.install)
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    const reason = words
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/https?:\/\/\S+/g, 'its registry')
      .trim()
      .slice(-300)
    writeFileSync(failureFile(rival), reason)
    throw new Error(`${rival.name} ${rival.version} cannot be installed here: ${reason}`, { cause: error })
  }
}

/** Where an installed rival lies. Throws with the reason why it is missing. */
export function rivalFolder(rival: Rival): string {
  const folder = path.join(cacheFolder(), rival.folderId)
  if (existsSync(folder)) return folder
  const failure = failureFile(rival)
  const reason = existsSync(failure)
    ? `its installation failed: ${readFileSync(failure, 'utf8')}`
    : 'it is installed by npm run bench:rivals'
  throw new Error(`${rival.name} ${rival.version} is not here: ${reason}`)
}
