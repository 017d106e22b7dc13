/** docs/errors.md from the error catalogues, found in every file of a workspace that defines one. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeErrors, type ErrorCatalogue } from '@bud-foundry/core'
import { listFiles, root } from '../check/repository.ts'
import { generatedFrom, toCell, toTable, type Page } from './page.ts'

const isCatalogue = (value: unknown): value is ErrorCatalogue =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).length > 0 &&
  Object.values(value).every((entry) => typeof entry === 'function' && 'code' in entry && 'spec' in entry)

const readCatalogues = async (file: string): Promise<readonly ErrorCatalogue[]> => {
  // Safe: a module's namespace is a record of its exports.
  const exported = (await import(pathToFileURL(path.join(root, file)).href)) as Record<string, unknown>
  const catalogues = Object.values(exported).filter(isCatalogue)
  if (catalogues.length === 0) throw new Error(`${file} calls defineErrors but exports no catalogue.`)
  return catalogues
}

const catalogueFiles = async (): Promise<readonly string[]> => {
  const sources = await listFiles(
    'packages/*/src/**/*errors.ts',
    'examples/*/src/**/*errors.ts',
    'packages/*/src/errors.ts',
    'examples/*/src/errors.ts',
  )
  const texts = await Promise.all(sources.map((file) => readFile(path.join(root, file), 'utf8')))
  return sources.filter((_, index) => texts[index]?.includes('= defineErrors(') === true).toSorted()
}

const section = (workspace: string, catalogues: readonly ErrorCatalogue[]): { text: string; codes: readonly string[] } => {
  const errors = catalogues.flatMap(describeErrors).toSorted((left, right) => (left.code < right.code ? -1 : 1))
  const rows = errors.map(({ code, status, retryable, scope, template }) => [
    `\`${code}\``,
    String(status),
    retryable ? `yes, ${scope}` : 'no',
    toCell(template),
  ])
  const text = `## ${workspace}\n\n${toTable(['code', 'status', 'worth a retry', 'message'], rows)}`
  return { text, codes: errors.map(({ code }) => code) }
}

/** Builds the page; throws when two catalogues use one code. */
export const errorsPage = async (): Promise<Page> => {
  const byWorkspace = new Map<string, ErrorCatalogue[]>()
  for (const file of await catalogueFiles()) {
    const workspace = file.split('/')[1] ?? file
    byWorkspace.set(workspace, [...(byWorkspace.get(workspace) ?? []), ...(await readCatalogues(file))])
  }
  const sections = [...byWorkspace].map(([workspace, catalogues]) => section(workspace, catalogues))
  const codes = sections.flatMap((each) => each.codes)
  const twice = codes.filter((code, index) => codes.indexOf(code) !== index)
  if (twice.length > 0) throw new Error(`These error codes are defined more than once: ${twice.join(', ')}.`)
  const head =
    '# Errors\n\nEvery error that the packages throw, by code. Programs decide by `code` and `retryable`; messages are for people and may change. ' +
    '`<name>` stands for a detail. A retry is worth it for the scope given: the same request, another credential, or another target.\n\n'
  const text = generatedFrom('the error catalogues') + head + sections.map((each) => each.text).join('\n')
  return { file: 'docs/errors.md', text, entries: codes.length }
}
