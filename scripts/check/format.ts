/** Prettier's opinion of every file it knows. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as prettier from 'prettier'
import { listFiles, root } from './repository.ts'
import { demandNone, type Step } from './step.ts'

const ignorePath = path.join(root, '.prettierignore')

/** Formats the files among these that prettier knows; returns those that were wrong and how many it knew. */
export const checkFormat = async (files: readonly string[], write: boolean): Promise<{ known: number; wrong: readonly string[] }> => {
  const wrong: string[] = []
  let known = 0
  for (const file of files) {
    const filepath = path.join(root, file)
    const info = await prettier.getFileInfo(filepath, { ignorePath })
    if (info.ignored || info.inferredParser === null) continue
    known += 1
    const options = { ...(await prettier.resolveConfig(filepath)), filepath }
    const text = await readFile(filepath, 'utf8')
    const formatted = await prettier.format(text, options)
    if (formatted === text) continue
    wrong.push(file)
    if (write) await writeFile(filepath, formatted)
  }
  return { known, wrong }
}

export const format: Step = {
  name: 'format',
  run: async () => {
    const { known, wrong } = await checkFormat(await listFiles(), false)
    demandNone(wrong, 'These files are not formatted; run `npm run format`.')
    return { count: known, things: 'files' }
  },
}
