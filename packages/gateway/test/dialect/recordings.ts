/** Recorded answers of providers, from BUD_TEST_DATA. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.env['BUD_TEST_DATA'] ?? new URL('../../../../../shared/data', import.meta.url).pathname
if (!existsSync(join(root, 'recordings')))
  throw new Error(`no recordings below '${root}': set BUD_TEST_DATA to the folder that holds 'recordings'`)

export const dataPath = (...steps: readonly string[]): string => join(root, ...steps)

export interface Recording {
  readonly name: string
  /** JSON events of a stream, or one whole body. */
  readonly lines: readonly string[]
}

function load(folder: string, suffix: string): Recording[] {
  const path = dataPath('recordings', folder)
  return readdirSync(path)
    .filter((file) => file.endsWith(suffix))
    .map((file) => {
      const content = readFileSync(join(path, file), 'utf8')
      const lines = suffix === '.json' ? [content] : content.split('\n').filter((line) => line.trim() !== '')
      return { name: `${folder}/${file}`, lines }
    })
}

export const openaiFolders = ['openai/chat', 'openai-compatible/chat', 'alibaba', 'moonshotai', 'perplexity']

const isChunk = (line: string) => line.includes('"choices"')

/** Streams in OpenAI's chat dialect. */
export const openaiStreams: readonly Recording[] = [
  ...openaiFolders.flatMap((folder) => load(folder, '.chunks.txt')),
  ...load('azure', '.chunks.txt').filter(({ lines }) => lines.some(isChunk)),
  ...load('openai-compatible/chat', '.sse').map(({ name, lines }) => ({
    name,
    lines: lines.map((line) => line.replace(/^data: /, '')).filter((line) => line !== '[DONE]'),
  })),
]

/** Whole answers in OpenAI's chat dialect. */
export const openaiBodies: readonly Recording[] = [...openaiFolders, 'azure']
  .flatMap((folder) => load(folder, '.json'))
  .filter(({ lines }) => (lines[0] ?? '').includes('"choices"'))

/** Streams of Anthropic; a file that holds several answers becomes several. */
export const anthropicStreams: readonly Recording[] = load('anthropic', '.chunks.txt').flatMap(({ name, lines }) => {
  const answers: string[][] = []
  let ended = true
  for (const line of lines) {
    // One recording repeats the start, as a proxy in between did; the client itself takes one only.
    if (!ended && line.includes('"type":"message_start"')) continue
    if (ended) answers.push([])
    ended = line.includes('"type":"message_stop"')
    answers.at(-1)?.push(line)
  }
  return answers.map((answer, index) => ({ name: answers.length === 1 ? name : `${name} #${String(index + 1)}`, lines: answer }))
})

export const anthropicBodies: readonly Recording[] = load('anthropic', '.json').filter(({ lines }) =>
  /"type":\s*"message"/.test(lines[0] ?? ''),
)
