/** Knip's search for what nobody uses: files, exports, dependencies. A planted unused file and export prove that it looks. */
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { inTemporaryFolder, listFiles, root, runBin } from './repository.ts'
import { demandNone, Finding, type Step } from './step.ts'

const issueSchema = z.looseObject({ name: z.string() })
/** Knip's kinds of issue are keys of each row; all hold lists of named things. */
const reportSchema = z.object({ issues: z.array(z.looseObject({ file: z.string() })) })

const plantedFile = 'packages/core/src/planted-unused-file.ts'

const copyRepository = async (files: readonly string[], folder: string): Promise<void> => {
  for (const file of files) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
    await copyFile(path.join(root, file), path.join(folder, file))
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
}

const findUnused = async (folder: string): Promise<string[]> => {
  const { stdout, output } = await runBin('knip', ['--reporter', 'json', '--no-progress', '--no-config-hints'], { cwd: folder })
  if (!stdout.trimStart().startsWith('{')) throw new Error(`knip wrote no report:\n${output}`)
  return reportSchema.parse(JSON.parse(stdout)).issues.flatMap(({ file, ...kinds }) =>
    Object.entries(kinds).flatMap(([kind, found]) => {
      const named = z.array(issueSchema).safeParse(found)
      return named.success ? named.data.map(({ name }) => `${kind}: ${name} (${file})`) : []
    }),
  )
}

export const unused: Step = {
  name: 'unused',
  run: () =>
    inTemporaryFolder(async (folder) => {
      const files = (await listFiles()).filter((file) => !file.startsWith('.git/'))
      await copyRepository(files, folder)
      await writeFile(path.join(folder, plantedFile), 'export const planted = 1\n')
      const found = await findUnused(folder)
      if (!found.some((line) => line.includes(plantedFile))) throw new Finding(`knip did not report the planted file ${plantedFile}.`)
      demandNone(
        found.filter((line) => !line.includes(plantedFile)),
        'Nobody uses these; remove them, or name their users in knip.json.',
      )
      return { count: files.length, things: 'files' }
    }),
}
