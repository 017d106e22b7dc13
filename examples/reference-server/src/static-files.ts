/** Serves the built page: hashed assets for a year, nothing outside the folder. Its deep links are hashes, so `/` is the only page. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** The answer for a path of the page, or undefined when there is none. Paths are matched as wholes, so `..` finds nothing. */
export function createStaticFiles(folder: string): (path: string) => Promise<Response | undefined> {
  const hasPage = existsSync(join(folder, 'index.html'))
  return async (path) => {
    if (!hasPage) return undefined
    const asset = /^\/(?:assets\/)?[\w-]+(?:\.[\w-]+)*\.\w+$/.test(path) ? join(folder, path) : undefined
    const file = asset ?? (path === '/' ? join(folder, 'index.html') : undefined)
    const type = file === undefined ? undefined : contentTypes[extname(file)]
    if (file === undefined || type === undefined || !existsSync(file)) return undefined
    const cacheControl = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    return new Response(await readFile(file), { headers: { 'content-type': type, 'cache-control': cacheControl, ...securityHeaders } })
  }
}
