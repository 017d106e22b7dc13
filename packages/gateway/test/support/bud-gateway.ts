/** The `bud-gateway` command as a real process, with what it logs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chat } from './gateway.ts'

const command = fileURLToPath(import.meta.resolve('../../src/bin/bud-gateway.ts'))

type Line = Readonly<Record<string, unknown>>

export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly lines: readonly Line[]
  /** The first line, past or to come, with this message, after the first `skip` of them. */
  line(message: string, skip?: number): Promise<Line>
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>
}

const start = (args: readonly string[], env: Record<string, string>) =>
  spawn(process.execPath, ['--conditions=bud-source', command, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })

/** Runs to the end. */
export async function run(args: readonly string[], env: Record<string, string> = {}, input = '') {
  const child = start(args, env)
  child.stdin.end(input)
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
  const [code] = await once(child, 'close')
  return { code: code as number | null, ...text }
}

/** `serve`, which is killed in the end if it still runs. */
export function serve(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = start(['serve', ...args], env)
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as Line)
    wake()
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  let ended = false
  const exited = once(child, 'close').then(([code]) => {
    ended = true
    wake()
    return code as number | null
  })
  const line = (message: string, skip = 0): Promise<Line> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = lines.filter(({ msg }) => msg === message)[skip]
        if (found === undefined && !ended) return
        waiting.delete(check)
        if (found !== undefined) resolve(found)
        else reject(new Error(`the process ended without '${message}': ${JSON.stringify(lines)} ${errors}`))
      }
      waiting.add(check)
      check()
    })
  return {
    child,
    lines,
    line,
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A new key in the store that the arguments name. */
export async function createKey(store: readonly string[], scope = 'inference'): Promise<{ readonly id: string; readonly key: string }> {
  const { out, err } = await run(['keys', 'create', '--name', 'test', '--scope', scope, '--json', ...store])
  if (out === '') throw new Error(`no key was made: ${err}`)
  // What `--json` prints.
  return JSON.parse(out) as { id: string; key: string }
}

export const urlOf = async (running: Running): Promise<string> => String((await running.line('listening'))['url'])

/** A connection of its own for each request: with workers, the next may serve it. */
const headersOf = (key: string) => ({ 'content-type': 'application/json', authorization: `Bearer ${key}`, connection: 'close' })

export const get = (url: string, key: string): Promise<Response> => fetch(url, { headers: headersOf(key) })

export const post = (url: string, key: string, fields: Record<string, unknown> = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: headersOf(key), body: JSON.stringify(chat(fields)) })

export const statusOf = async (response: Promise<Response>): Promise<number> => {
  const answered = await response
  await answered.arrayBuffer()
  return answered.status
}
