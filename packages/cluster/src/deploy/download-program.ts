/**
 * The program of the download job, for any image with Node.js: it reads what to fetch from the environment, continues unfinished files,
 * checks digests, and marks a folder as complete only then. Plain JavaScript without dependencies, because it travels in a ConfigMap.
 */
export const downloadProgram = String.raw`import { createHash, createHmac } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const { source, items } = JSON.parse(process.env.DOWNLOAD)
const root = process.env.DOWNLOAD_ROOT ?? '/models'
const attempts = 8
const waitMs = Number(process.env.DOWNLOAD_RETRY_MS ?? 2000)
const hex = (algorithm, text) => createHash(algorithm).update(text).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => '%' + sign.charCodeAt(0).toString(16).toUpperCase())

/** AWS Signature Version 4, for S3 and what speaks like it. */
function signed(url, extra) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env
  if (!id || !secret) return extra
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const day = now.slice(0, 8)
  const scope = [day, source.region, 's3', 'aws4_request'].join('/')
  const headers = { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-date': now }
  const names = Object.keys(headers).sort()
  const query = [...url.searchParams].map(([name, value]) => encode(name) + '=' + encode(value)).sort().join('&')
  const request = ['GET', url.pathname, query, ...names.map((name) => name + ':' + headers[name]), '', names.join(';'), 'UNSIGNED-PAYLOAD'].join('\n')
  const text = ['AWS4-HMAC-SHA256', now, scope, hex('sha256', request)].join('\n')
  const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac('AWS4' + secret, day), source.region))
  const signature = createHmac('sha256', key).update(text).digest('hex')
  const { host, ...sent } = headers
  return { ...extra, ...sent, authorization: 'AWS4-HMAC-SHA256 Credential=' + id + '/' + scope + ', SignedHeaders=' + names.join(';') + ', Signature=' + signature }
}

async function get(url, extra = {}) {
  const headers = source.kind === 'objectStore' ? signed(url, extra) : { ...extra, ...(process.env.HF_TOKEN ? { authorization: 'Bearer ' + process.env.HF_TOKEN } : {}) }
  const answer = await fetch(url, { headers })
  if (answer.ok) return answer
  await answer.body?.cancel()
  const error = new Error('HTTP ' + answer.status + ' for ' + url.origin + url.pathname)
  error.final = answer.status < 500 && answer.status !== 408 && answer.status !== 429 && answer.status !== 416
  throw error
}

async function retried(what, work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (error.final || attempt === attempts) throw error
      console.error(what + ': ' + error.message + '; attempt ' + (attempt + 1) + ' follows')
      await new Promise((resolve) => setTimeout(resolve, waitMs * attempt))
    }
  }
}

/** Files of a repository of the hub: large ones carry their SHA-256. */
async function hubFiles({ repository }) {
  const base = source.endpoint.replace(/\/$/, '')
  const files = []
  let url = new URL(base + '/api/models/' + repository + '/tree/' + encode(source.revision) + '?recursive=true')
  while (url) {
    const answer = await get(url)
    for (const entry of await answer.json()) {
      if (entry.type !== 'file') continue
      const address = base + '/' + repository + '/resolve/' + encode(source.revision) + '/' + entry.path.split('/').map(encode).join('/')
      files.push({ name: entry.path, bytes: entry.size, sha256: entry.lfs?.oid, url: address })
    }
    const next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get('link') ?? '')
    url = next ? new URL(next[1], url) : undefined
  }
  return files
}

const unescaped = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" })[name])

/** Objects below a prefix, page by page. */
async function storeFiles({ repository }) {
  const base = source.endpoint.replace(/\/$/, '') + '/' + source.bucket
  const prefix = repository === '' ? '' : repository.replace(/\/*$/, '/')
  const files = []
  let token
  do {
    const url = new URL(base)
    url.searchParams.set('list-type', '2')
    url.searchParams.set('prefix', prefix)
    if (token) url.searchParams.set('continuation-token', token)
    const text = await (await get(url)).text()
    for (const [, content] of text.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
      const key = unescaped(/<Key>([\s\S]*?)<\/Key>/.exec(content)[1])
      const name = key.slice(prefix.length)
      if (name === '' || name.endsWith('/')) continue
      const bytes = Number(/<Size>(\d+)<\/Size>/.exec(content)[1])
      files.push({ name, bytes, sha256: source.sha256?.[name], url: base + '/' + key.split('/').map(encode).join('/') })
    }
    token = /<NextContinuationToken>([\s\S]*?)<\/NextContinuationToken>/.exec(text)?.[1]
    if (token) token = unescaped(token)
  } while (token)
  return files
}

const sizeOf = (file) => stat(file).then(({ size }) => size, () => 0)

async function digestOf(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

async function fetchRest(file, part) {
  const have = await sizeOf(part)
  if (have === file.bytes) return
  if (have > file.bytes) await rm(part, { force: true })
  const from = have > file.bytes ? 0 : have
  const answer = await get(new URL(file.url), from > 0 ? { range: 'bytes=' + from + '-' } : {})
  // A server without ranges answers with everything: begin again.
  const flags = answer.status === 206 ? 'a' : 'w'
  if (from > 0 && flags === 'a') console.log('continuing ' + file.name + ' at byte ' + from)
  if (answer.body !== null) await pipeline(Readable.fromWeb(answer.body), createWriteStream(part, { flags }))
  const size = await sizeOf(part)
  if (size !== file.bytes) throw new Error(file.name + ' ended after ' + size + ' of ' + file.bytes + ' bytes')
}

async function download(file, folder) {
  const target = path.join(folder, file.name)
  if (path.relative(folder, target).startsWith('..')) throw new Error('the source names a file outside its folder: ' + file.name)
  if ((await sizeOf(target)) === file.bytes && (file.bytes > 0 || (await stat(target).catch(() => undefined)))) return
  await mkdir(path.dirname(target), { recursive: true })
  const part = target + '.part'
  await retried(file.name, async () => {
    if (file.bytes === 0) await writeFile(part, '')
    await fetchRest(file, part)
    if (file.sha256 === undefined) return
    const digest = await digestOf(part)
    if (digest === file.sha256) return
    await rm(part, { force: true })
    throw new Error(file.name + ' has the digest ' + digest + ' instead of ' + file.sha256)
  })
  await rename(part, target)
  console.log('got ' + file.name + ', ' + file.bytes + ' bytes')
}

const started = Date.now()
let total = 0
for (const item of items) {
  const folder = path.join(root, item.folder)
  const mark = path.join(folder, '.complete')
  const wanted = hex('sha256', JSON.stringify([source, item]))
  if ((await readFile(mark, 'utf8').catch(() => '')) === wanted) continue
  // Another model, or another revision of it, was here: nothing of it may stay.
  const begun = path.join(folder, '.source')
  if ((await readFile(begun, 'utf8').catch(() => wanted)) !== wanted) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(begun, wanted)
  const files = await retried('listing ' + item.repository, () => (source.kind === 'objectStore' ? storeFiles(item) : hubFiles(item)))
  const chosen = item.single ? [{ ...(files.find(({ name }) => name.endsWith(item.single)) ?? {}), name: item.as }] : files
  if (chosen.length === 0 || chosen[0].url === undefined) throw new Error('there is nothing to download in ' + item.repository)
  for (const file of chosen) await download(file, folder)
  total += chosen.reduce((sum, { bytes }) => sum + bytes, 0)
  await writeFile(mark, wanted)
}
console.log(JSON.stringify({ downloaded: { bytes: total, seconds: (Date.now() - started) / 1000 } }))
`
