/** Generated documentation equals what its sources say now. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { root, run } from './repository.ts'
import { demandNone, Finding, type Step } from './step.ts'

const pagesSchema = z.array(z.object({ file: z.string(), text: z.string(), entries: z.number() })).min(1)
const generator = fileURLToPath(new URL('../docs/generate.ts', import.meta.url))

export const generated: Step = {
  name: 'generated',
  run: async ({ update }) => {
    const { code, stdout, output } = await run(process.execPath, ['--conditions=bud-source', generator])
    if (code !== 0) throw new Finding(output)
    const pages = pagesSchema.parse(JSON.parse(stdout))
    const stale: string[] = []
    for (const { file, text, entries } of pages) {
      const target = path.join(root, file)
      if (entries === 0) stale.push(`${file} would describe nothing.`)
      if (update) await writeFile(target, text)
      const present = await readFile(target, 'utf8').catch(() => '')
      if (present !== text) stale.push(`${file} is out of date.`)
    }
    demandNone(stale, 'Run `npm run docs` and commit what it writes.')
    return { count: pages.reduce((sum, { entries }) => sum + entries, 0), things: `entries on ${pages.length} pages` }
  },
}
