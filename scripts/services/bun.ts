/** Bun, another JavaScript runtime, from its npm package in a folder outside the repository: tests start it themselves. */
import path from 'node:path'
import { cachedFolder, runTool } from './install.ts'
import type { Service } from './service.ts'

const version = '1.4.5'

export const bun: Service = {
  name: 'bun',
  start: async () => {
    const folder = await cachedFolder(`bun-${version}`, async (target) => {
      await runTool('npm', ['install', '--prefix', target, '--no-audit', '--no-fund', '--no-save', `bun@${version}`])
    })
    const program = path.join(folder, 'node_modules', '.bin', 'bun')
    const said = await runTool(program, ['--version'])
    return { environment: { BUD_TEST_BUN: program }, description: `Bun ${said.trim()}`, stop: () => Promise.resolve() }
  },
}
