/** Helm, built from pinned Go modules into a folder outside the repository. */
import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, ensureProgram, runTool } from './install.ts'
import type { Service } from './service.ts'

const module = fileURLToPath(new URL('./helm/', import.meta.url))
const moduleFiles = ['go.mod', 'go.sum', 'tool.go']

const build = async (): Promise<string> => {
  const go = await ensureProgram('go', 'golang-go')
  const contents = await Promise.all(moduleFiles.map((file) => readFile(path.join(module, file))))
  const hash = createHash('sha256').update(Buffer.concat(contents)).digest('hex').slice(0, 12)
  return cachedFolder(`helm-${hash}`, async (target) => {
    for (const file of moduleFiles) await copyFile(path.join(module, file), path.join(target, file))
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }
    await runTool(go, ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'helm', 'helm.sh/helm/v3/cmd/helm'], { cwd: target, env })
  })
}

export const helm: Service = {
  name: 'helm',
  start: async () => {
    const program = path.join(await build(), 'helm')
    const version = await runTool(program, ['version', '--template', '{{.Version}}'])
    return { environment: { BUD_TEST_HELM: program }, description: `helm ${version.trim()}`, stop: () => Promise.resolve() }
  },
}
