import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { downloadProgram } from '../../src/deploy/download-program.ts'

const weights = Buffer.alloc(300_000, 'weights of a model ')
const sha256 = createHash('sha256').update(weights).digest('hex')
const ends: (() => Promise<void>)[] = []
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bud-download-'))
  ends.push(() => rm(folder, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
    return Promise.resolve()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `http://127.0.0.1:${String(address.port)}`
}

interface Outcome {
  readonly code: number
  readonly output: string
}

async function run(wanted: object, env: Record<string, string> = {}): Promise<Outcome> {
  const program = path.join(folder, 'download.mjs')
  await writeFile(program, downloadProgram)
  return new Promise((resolve) => {
    const environment = {
      ...env,
      PATH: process.env['PATH'] ?? '',
      DOWNLOAD: JSON.stringify(wanted),
      DOWNLOAD_ROOT: folder,
      DOWNLOAD_RETRY_MS: '1',
    }
    const child = execFile(process.execPath, [program], { env: environment }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, output: stdout + stderr })
    })
  })
}

const items = [{ folder: 'current', repository: 'team/model' }]
const sourceAt = (endpoint: string, revision = 'main') => ({ source: { kind: 'huggingFace', endpoint, revision }, items })

/** A hub with one large file, whose first answers may end early, as behind a proxy that gives up. */
function hub(options: { readonly breaks?: number; readonly digest?: string } = {}) {
  const ranges: (string | undefined)[] = []
  let broken = 0
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/api/models/team/model/tree/') === true) {
      const file = { type: 'file', path: 'model.safetensors', size: weights.length, lfs: { oid: options.digest ?? sha256 } }
      response.end(JSON.stringify([file, { type: 'directory', path: 'original' }, { type: 'file', path: 'config.json', size: 2 }]))
      return
    }
    if (request.url?.endsWith('config.json') === true) {
      response.end('{}')
      return
    }
    const range = request.headers.range
    ranges.push(range)
    const from = range === undefined ? 0 : Number(/\d+/.exec(range)?.[0])
    response.writeHead(range === undefined ? 200 : 206)
    const cut = broken < (options.breaks ?? 0)
    broken += 1
    response.end(cut ? weights.subarray(from, from + 100_000) : weights.subarray(from))
  }
  return { answer, ranges }
}

describe('the download job', () => {
  test('continues a file that broke off, checks it, and says how much came', async () => {
    const { answer, ranges } = hub({ breaks: 2 })
    const { code, output } = await run(sourceAt(await serve(answer)))
    expect(output).toContain(`"bytes":${String(weights.length + 2)}`)
    expect(code).toBe(0)
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
    expect(await readFile(path.join(folder, 'current/model.safetensors'))).toEqual(weights)
  })

  test('continues after its pod was killed, and does nothing when all is there', async () => {
    const { answer, ranges } = hub()
    const endpoint = await serve(answer)
    const wanted = sourceAt(endpoint)
    await run(wanted)
    const before = ranges.length
    expect((await run(wanted)).code).toBe(0)
    expect(ranges).toHaveLength(before)
    // As a kill leaves it: a part of the file, no mark.
    await rm(path.join(folder, 'current/.complete'))
    await rm(path.join(folder, 'current/model.safetensors'))
    await writeFile(path.join(folder, 'current/model.safetensors.part'), weights.subarray(0, 1234))
    expect((await run(wanted)).code).toBe(0)
    expect(ranges.at(-1)).toBe('bytes=1234-')
    expect(await readFile(path.join(folder, 'current/model.safetensors'))).toEqual(weights)
  })

  test('never marks weights as complete whose digest is another', async () => {
    const { answer } = hub({ digest: '0'.repeat(64) })
    const { code, output } = await run(sourceAt(await serve(answer)))
    expect(code).not.toBe(0)
    expect(output).toContain(`has the digest ${sha256}`)
    expect(await readdir(path.join(folder, 'current'))).not.toContain('.complete')
    expect(await readdir(path.join(folder, 'current'))).not.toContain('model.safetensors')
  })

  test('leaves nothing of another revision behind', async () => {
    const { answer } = hub()
    const endpoint = await serve(answer)
    await run(sourceAt(endpoint, 'one'))
    await writeFile(path.join(folder, 'current/stale.bin'), 'old')
    await run(sourceAt(endpoint, 'two'))
    expect(await readdir(path.join(folder, 'current'))).not.toContain('stale.bin')
  })

  test('fails at once where it may not read, without a word of the token', async () => {
    const endpoint = await serve((_request, response) => response.writeHead(403).end('no'))
    const { code, output } = await run(sourceAt(endpoint), { HF_TOKEN: 'hf_canary_77' })
    expect(code).not.toBe(0)
    expect(output).toContain('HTTP 403')
    expect(output).not.toContain('hf_canary_77')
  })

  test('refuses names that lead out of its folder', async () => {
    const endpoint = await serve((_request, response) => response.end(JSON.stringify([{ type: 'file', path: '../../escape', size: 1 }])))
    const { code, output } = await run(sourceAt(endpoint))
    expect(code).not.toBe(0)
    expect(output).toContain('outside its folder')
  })

  test('reads an object store page by page, with signed requests', async () => {
    const seen: string[] = []
    const endpoint = await serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://x')
      seen.push(request.headers.authorization ?? 'none')
      if (url.pathname === '/weights') {
        const second = url.searchParams.get('continuation-token') === 'next'
        const [key, size] = second ? ['qwen/tokenizer &amp; more.json', 2] : ['qwen/model.safetensors', weights.length]
        const more = second ? '' : '<NextContinuationToken>next</NextContinuationToken>'
        response.end(`<ListBucketResult><Contents><Key>${key}</Key><Size>${String(size)}</Size></Contents>${more}</ListBucketResult>`)
      } else response.end(url.pathname.endsWith('.json') ? '{}' : weights)
    })
    const source = { kind: 'objectStore', endpoint, bucket: 'weights', region: 'us-east-1', sha256: { 'model.safetensors': sha256 } }
    const { code } = await run(
      { source, items: [{ folder: 'current', repository: 'qwen' }] },
      { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'canary-secret' },
    )
    expect(code).toBe(0)
    expect((await readdir(path.join(folder, 'current'))).toSorted()).toEqual([
      '.complete',
      '.source',
      'model.safetensors',
      'tokenizer & more.json',
    ])
    expect(seen.every((header) => /^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/us-east-1\/s3\/aws4_request, /.test(header))).toBe(true)
    expect(seen.join()).not.toContain('canary-secret')
  })

  test('takes the one file that llama.cpp reads', async () => {
    const endpoint = await serve((request, response) => {
      const files = ['model-Q8_0.gguf', 'model-Q4_K_M.gguf'].map((name) => ({ type: 'file', path: name, size: weights.length }))
      response.end(
        request.url?.includes('/tree/') === true
          ? JSON.stringify(files)
          : request.url?.endsWith('Q4_K_M.gguf') === true
            ? weights
            : 'wrong',
      )
    })
    const single = { folder: 'current', repository: 'team/model', single: 'Q4_K_M.gguf', as: 'model.gguf' }
    expect((await run({ ...sourceAt(endpoint), items: [single] })).code).toBe(0)
    expect(await readFile(path.join(folder, 'current/model.gguf'))).toEqual(weights)
  })
})
