/** docs/compatibility.md from compat.json, whose every claim must lead to a test that exists. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { root } from '../check/repository.ts'
import { generatedFrom, toCell, toTable, type Page } from './page.ts'

const schema = z.strictObject({
  note: z.string(),
  areas: z.array(
    z.strictObject({
      area: z.string(),
      cells: z.array(z.strictObject({ version: z.string(), proof: z.string(), scope: z.string() })).min(1),
    }),
  ),
})

const separator = ' > '

/** Undefined when the proof is a test that exists, or says openly that there is none. */
const objectionTo = async (proof: string): Promise<string | undefined> => {
  if (proof === 'untested') return undefined
  const [file = '', ...rest] = proof.split(separator)
  const title = rest.join(separator)
  if (!/\.test\.tsx?$/.test(file) || !existsSync(path.join(root, file))) return `compat.json: there is no test file '${file}'.`
  const text = await readFile(path.join(root, file), 'utf8')
  const quoted = ["'", '"', '`'].some((quote) => text.includes(`(${quote}${title}${quote}`))
  return quoted ? undefined : `compat.json: ${file} has no test named '${title}'.`
}

/** Builds the page; throws when a cell names a test that is not there. */
export const compatibilityPage = async (): Promise<Page> => {
  const { areas } = schema.parse(JSON.parse(await readFile(path.join(root, 'compat.json'), 'utf8')))
  const cells = areas.flatMap((area) => area.cells)
  const objections = await Promise.all(cells.map(({ proof }) => objectionTo(proof)))
  const problems = objections.filter((problem) => problem !== undefined)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const sections = areas.map(
    ({ area, cells: rows }) =>
      `## ${area}\n\n${toTable(
        ['version', 'proven by', 'what that covers'],
        rows.map(({ version, proof, scope }) => [toCell(version), proof === 'untested' ? 'untested' : `\`${proof}\``, toCell(scope)]),
      )}`,
  )
  const head = '# Compatibility\n\nWhat works with what, and which test says so. What no test proves is called untested.\n\n'
  return { file: 'docs/compatibility.md', text: `${generatedFrom('compat.json')}${head}${sections.join('\n')}`, entries: cells.length }
}
