/** The runnable code of a README. A block marked ```ts runs as it stands; ```tsx is only compiled, for it needs a browser. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export interface Snippet {
  readonly code: string
  readonly language: 'ts' | 'tsx'
  /** Where it stands, for messages. */
  readonly origin: string
  /** Packages that it imports, without subpaths and Node's own. */
  readonly packages: readonly string[]
}

const fence = /^```(tsx?)\n(.*?)^```$/gms
const importSource = /(?:from|import)\s*\(?\s*'([^'.][^']*)'/g

const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')

const importsOf = (code: string): string[] => [
  ...new Set(
    [...code.matchAll(importSource)]
      .map(([, source = '']) => source)
      .filter((source) => !source.startsWith('node:'))
      .map(packageOf),
  ),
]

/** All ```ts and ```tsx blocks of a Markdown file. */
export const readSnippets = async (file: string): Promise<readonly Snippet[]> => {
  const text = await readFile(file, 'utf8')
  return [...text.matchAll(fence)].map(({ 1: language, 2: code = '', index }) => ({
    code,
    language: language === 'tsx' ? 'tsx' : 'ts',
    origin: `${path.basename(path.dirname(file))}/${path.basename(file)}:${text.slice(0, index).split('\n').length}`,
    packages: importsOf(code),
  }))
}
