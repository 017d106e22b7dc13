/** publint and are-the-types-wrong on every tarball: whether a user's tools will find what package.json promises. */
import { readFile } from 'node:fs/promises'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { packPackages, type Packed } from './pack.ts'
import { runBin } from './repository.ts'
import { demandNone, type Step } from './step.ts'

const lintPackage = async (each: Packed): Promise<string[]> => {
  const bytes = await readFile(each.tarball)
  const tarball = Uint8Array.from(bytes).buffer
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  return messages.map((message) => `${each.name}: ${formatMessage(message, pkg) ?? message.code}`)
}

/** Style sheets and the like have no types to be wrong about. */
const withoutTypes = (each: Packed): string[] => {
  const typed = new Set(each.entryPoints.map(({ subpath }) => subpath))
  return Object.keys(each.manifest.exports).filter((subpath) => !typed.has(subpath))
}

const checkTypes = async (each: Packed): Promise<string[]> => {
  const excluded = withoutTypes(each)
  const args = [
    each.tarball,
    '--profile',
    'esm-only',
    '--no-color',
    ...(excluded.length === 0 ? [] : ['--exclude-entrypoints', ...excluded]),
  ]
  const { code, output } = await runBin('attw', args)
  return code === 0 ? [] : [`${each.name}:\n${output}`]
}

export const packaging: Step = {
  name: 'packaging',
  run: async ({ workFolder }) => {
    const packed = await packPackages(workFolder)
    const problems: string[] = []
    for (const each of packed) problems.push(...(await lintPackage(each)), ...(await checkTypes(each)))
    demandNone(problems, "A user's tools would stumble over these.")
    return { count: packed.length, things: 'tarballs' }
  },
}
