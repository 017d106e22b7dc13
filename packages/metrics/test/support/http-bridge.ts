/**
 * A ClickHouse HTTP endpoint over the embedded engine, for the client of servers. It is chDB behind a bridge, not clickhouse-server:
 * it proves the wire format and the SQL, not clusters, streaming or authentication.
 */
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { createChdbConnection } from 'chdb/connection'

export interface HttpBridge extends AsyncDisposable {
  readonly url: string
  /** Drops every connection and listens no more, as a server that was killed. */
  leave(): Promise<void>
  /** Listens again, at the same address. */
  comeBack(): Promise<void>
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', '0': '\u0000' }
/** Parameters travel in ClickHouse's escaped text format; the engine's own binding takes them plain, except inside arrays. */
const parseArray = (array: string): string[] | number[] =>
  array.includes("'") || array === '[]'
    ? Array.from(array.matchAll(/'((?:[^'\\]|\\[^])*)'/g), ([, value]) => unescape(value ?? ''))
    : array.slice(1, -1).split(',').map(Number)
const unescape = (value: string) => value.replace(/\\([^])/g, (_, character: string) => escapes[character] ?? character)

export async function openHttpBridge(directory: string): Promise<HttpBridge> {
  const connection = createChdbConnection({ path: directory })
  // The engine's session runs one statement at a time.
  let last: Promise<unknown> = Promise.resolve()
  /** The engine takes binary rows from a file only, and wants to be told their types. */
  const fromFile = async (table: string, columns: string, rows: Buffer) => {
    const path = join(directory, 'bridge.rows')
    await writeFile(path, rows)
    const result = await connection.query({
      query: `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}' FORMAT TSVRaw`,
      query_params: {},
      clickhouse_settings: {},
    })
    const lines = (await text(result.stream)).trim().split('\n')
    const types = new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]))
    const structure = columns.split(', ').map((name) => `${name} ${types.get(name) ?? ''}`)
    return `INSERT INTO ${table} (${columns}) SELECT * FROM file('${path}', 'RowBinary', '${structure.join(', ').replaceAll("'", "\\'")}')`
  }
  const server = createServer((request, response) => {
    const answer = async () => {
      const { searchParams } = new URL(request.url ?? '/', 'http://bridge')
      const body = await buffer(request)
      const insert = /^INSERT INTO (\w+) \(([^)]*)\) FORMAT RowBinary$/.exec(searchParams.get('query') ?? '')
      const query =
        insert === null
          ? [searchParams.get('query'), body.toString()].filter((part) => part !== null && part !== '').join('\n')
          : await fromFile(insert[1] ?? '', insert[2] ?? '', body)
      const params: Record<string, string | string[] | number[]> = {}
      // The engine's session keeps settings, which a server forgets after each request: a token that stayed would make later inserts look known.
      const settings: Record<string, string> = { insert_deduplication_token: '' }
      for (const [name, value] of searchParams) {
        if (name.startsWith('param_'))
          params[name.slice(6)] = query.includes(`{${name.slice(6)}:Array`) ? parseArray(value) : unescape(value)
        else if (!['query', 'query_id', 'database', 'session_id'].includes(name)) settings[name] = value
      }
      try {
        const result = await connection.query({ query, query_params: params, clickhouse_settings: settings })
        response.end(await buffer(result.stream))
      } catch (error) {
        const code = String(Object(error).code ?? 1000)
        const message = error instanceof Error ? error.message : String(error)
        response.writeHead(500, { 'x-clickhouse-exception-code': code })
        response.end(`Code: ${code}. DB::Exception: ${message} (${String(Object(error).type ?? 'UNKNOWN')})`)
      }
    }
    last = last.then(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Safe: a TCP server that listens has an address of this type.
  const { port } = server.address() as AddressInfo
  const leave = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://127.0.0.1:${String(port)}`,
    leave,
    async comeBack() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await last
      await connection.close()
    },
  }
}
