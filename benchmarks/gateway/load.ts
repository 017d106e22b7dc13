/** Load from wrk (Debian package `wrk`): closed loop, 32 connections, one thread. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface LoadResult {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
}

export interface LoadOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly seconds: number
  readonly connections: number
}

const lua = (text: string) => `[====[${text}]====]`

/** Errors are everything but a 2xx: an answer that failed costs less and must not pass for a fast one. */
export async function runLoad({ url, headers, body, seconds, connections }: LoadOptions): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'bud-bench-'))
  const script = join(folder, 'load.lua')
  const fields = Object.entries({ 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `wrk.headers[ ${lua(name)} ] = ${lua(value)}`,
  )
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.body = ${lua(body)}\n${fields.join('\n')}
done = function(summary)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration))
end\n`,
  )
  try {
    const { stdout } = await promisify(execFile)('wrk', [
      '-t1',
      `-c${String(connections)}`,
      `-d${String(seconds)}s`,
      '--timeout',
      '30s',
      '-s',
      script,
      url,
    ])
    const [, requests, errors, microseconds] = /RESULT (\d+) (\d+) (\d+)/.exec(stdout) ?? []
    if (requests === undefined) throw new Error(`wrk said nothing usable: ${stdout}`)
    return { requests: Number(requests), errors: Number(errors), seconds: Number(microseconds) / 1e6 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
