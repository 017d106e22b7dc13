/** The client's types are those of the server's own documents; `npx vitest --project reference-server client-types -u` writes them anew. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from './server-process.ts'
import { toTypes, type OpenApiDocument } from './support/openapi-types.ts'

const generated = fileURLToPath(new URL('../../../packages/react/src/client/generated/', import.meta.url))

let folder = ''
let server: RunningServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bud-client-types-'))
  server = await startServer({ dataDirectory: folder })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.each([
  { prefix: 'Admin', basePath: '/api/admin', file: 'admin-operations.ts' },
  { prefix: 'Metrics', basePath: '/api/metrics', file: 'metrics-operations.ts' },
  { prefix: 'Console', basePath: '/api', file: 'console-operations.ts' },
])('the committed types of $basePath are those of its document', async ({ prefix, basePath, file }) => {
  const response = await server.call(`${basePath}/openapi.json`)
  // Safe: the document's own package tests its shape; a wrong one would show as another text below.
  const document = (await response.json()) as OpenApiDocument
  const path = join(generated, file)
  const text = await format(toTypes(document, { prefix, basePath }), { ...(await resolveConfig(path)), filepath: path })
  await expect(text).toMatchFileSnapshot(path)
})
