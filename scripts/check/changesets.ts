/** Release notes in waiting: the configuration releases all packages together, and every changeset can be read. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { listFiles, readPackages, root, runBin } from './repository.ts'
import { demandNone, Finding, type Step } from './step.ts'

const configSchema = z.looseObject({ fixed: z.array(z.array(z.string())), access: z.string(), baseBranch: z.string() })

export const changesets: Step = {
  name: 'changesets',
  run: async () => {
    const config = configSchema.parse(JSON.parse(await readFile(path.join(root, '.changeset/config.json'), 'utf8')))
    const names = (await readPackages()).map(({ name }) => name)
    const group = new Set(config.fixed[0])
    demandNone(
      [...names.filter((name) => !group.has(name)), ...[...group].filter((name) => !names.includes(name))],
      'The fixed group in .changeset/config.json must hold exactly the packages: they are released together.',
    )
    // Compared with HEAD nothing has changed, so what remains is whether the configuration and all changesets are valid.
    const { code, output } = await runBin('changeset', ['status', '--since', 'HEAD'])
    if (code !== 0) throw new Finding(output)
    const waiting = (await listFiles('.changeset/*.md')).filter((file) => !file.endsWith('README.md'))
    return { count: names.length, things: `packages in one group, ${waiting.length} changesets` }
  },
}
