/** Puts 'use client' back on the chunks that hold a client module: bundling drops the directive, and server components need it. */
import { readFile, rm, writeFile } from 'node:fs/promises'

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>
}

const directive = "'use client'"

export async function clientDirectives(): Promise<void> {
  const metafile = JSON.parse(await readFile('dist/metafile-esm.json', 'utf8')) as Metafile
  let marked = 0
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    if (!output.endsWith('.js')) continue
    const sources = await Promise.all(Object.keys(inputs).map((input) => readFile(input, 'utf8')))
    if (!sources.some((source) => source.startsWith(directive))) continue
    const code = await readFile(output, 'utf8')
    // On the first line, so that the source map's lines still fit.
    if (!code.startsWith(directive)) await writeFile(output, `${directive};${code}`)
    marked += 1
  }
  if (marked === 0) throw new Error('No chunk holds a client module; the build has changed and this step no longer works.')
  await rm('dist/metafile-esm.json')
}
