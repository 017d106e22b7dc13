/** Runs the ```ts blocks of a Markdown page as they stand there, against the sources. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'

export interface PageSnippet {
  /** The heading that it stands under. */
  readonly heading: string
  readonly code: string
}

/** Every ```ts block of a page with the heading above it. */
export function readSnippets(page: URL): readonly PageSnippet[] {
  let heading = ''
  return [...readFileSync(page, 'utf8').matchAll(/^#+ ([^\n]*)$|^```ts\n(.*?)^```$/gms)].flatMap(([, title, code]) => {
    if (code !== undefined) return [{ heading, code }]
    heading = title ?? ''
    return []
  })
}

let written = 0

/** The snippet's output once it has ended by itself. Fails when the snippet does. */
export async function runSnippet(code: string): Promise<string> {
  // Beside the tests, because imports are resolved from where a file lies.
  const file = fileURLToPath(new URL(`../snippet-${String(process.pid)}-${String(written++)}.ts`, import.meta.url))
  writeFileSync(file, code)
  try {
    const child = spawn(process.execPath, ['--conditions=bud-source', file], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
    const exited = new Promise<number | string>((resolve) =>
      child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown')),
    )
    const [output, complaints, status] = await Promise.all([text(child.stdout), text(child.stderr), exited])
    if (status !== 0) throw new Error(`the snippet ended with ${String(status)}:\n${complaints}\n${output}`)
    return output
  } finally {
    rmSync(file)
  }
}
