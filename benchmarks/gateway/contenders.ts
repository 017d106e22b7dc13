/** Who is measured: each starts as a process of its own in front of the same upstream. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startServer, type ServerProcess } from '../harness/server-process.ts'
import { rivalFolder, rivals } from './rivals.ts'

export interface Contender {
  readonly name: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly server: ServerProcess
}

/** The key that `ours.ts` admits. */
export const benchmarkKey = 'bud_benchmark_key_that_opens_nothing_else'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

async function node(name: string, file: string, args: readonly string[], headers: Contender['headers'] = {}): Promise<Contender> {
  const port = await freePort()
  const server = await startServer({
    command: process.execPath,
    args: [here(file), String(port), ...args],
    port,
    env: { NODE_ENV: 'production' },
  })
  return { name, path: '/v1/chat/completions', headers: { authorization: 'Bearer upstream', ...headers }, server }
}

export const startUpstream = (): Promise<Contender> => node('direct', './upstream.ts', [])
export const startBare = (upstream: Contender): Promise<Contender> => node('bare', './bare-proxy.ts', [String(upstream.server.port)])
export const startOurs = (upstream: Contender, door: 'handle' | 'fetch', workers = 1): Promise<Contender> =>
  node(door === 'handle' ? 'ours' : 'ours-fetch', './ours.ts', [String(upstream.server.port), door, String(workers)], {
    authorization: `Bearer ${benchmarkKey}`,
  })

/** nginx (Debian package `nginx-light`) as a plain reverse proxy: what a proxy without any understanding costs at the least. */
export async function startNginx(upstream: Contender): Promise<Contender> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bud-nginx-'))
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; client_max_body_size 100m; client_body_buffer_size 2m;
  upstream engine { server 127.0.0.1:${String(upstream.server.port)}; keepalive 256; }
  server {
    listen 127.0.0.1:${String(port)} backlog=4096; keepalive_requests 1000000;
    location / { proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header connection ""; proxy_buffering off; }
  }
}\n`,
  )
  const server = await startServer({ command: 'nginx', args: ['-p', folder, '-c', file], port })
  return { name: 'nginx', path: '/v1/chat/completions', headers: { authorization: 'Bearer upstream' }, server }
}

export async function startPortkey(upstream: Contender): Promise<Contender> {
  const port = await freePort()
  const packageFile = createRequire(import.meta.url).resolve('@portkey-ai/gateway/package.json')
  const server = await startServer({
    command: process.execPath,
    args: [join(dirname(packageFile), 'build/start-server.js'), `--port=${String(port)}`, '--headless'],
    port,
    env: { NODE_ENV: 'production' },
  })
  return {
    name: 'portkey',
    path: '/v1/chat/completions',
    headers: {
      authorization: 'Bearer upstream',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${String(upstream.server.port)}/v1`,
    },
    server,
  }
}

/** Python imports for a while before it listens, on a machine of two cores especially. */
const litellmStartSeconds = 120

/** LiteLLM's proxy with one worker, as its own documentation starts it: a master key is checked, nothing is stored. */
export async function startLitellm(upstream: Contender): Promise<Contender> {
  const python = join(rivalFolder(rivals.litellm), 'bin', 'python')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bud-litellm-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(
    file,
    `model_list:
  - model_name: bench
    litellm_params: { model: openai/bench, api_base: "http://127.0.0.1:${String(upstream.server.port)}/v1", api_key: upstream }
general_settings: { master_key: sk-${benchmarkKey} }\n`,
  )
  const start = 'from litellm import run_server; run_server()'
  const server = await startServer({
    command: python,
    args: ['-c', start, '--config', file, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1', '--telemetry', 'False'],
    port,
    // Its list of prices would be fetched otherwise, and every request would be a line of the log.
    env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR', PYTHONUNBUFFERED: '1' },
    startSeconds: litellmStartSeconds,
  })
  return { name: 'litellm', path: '/v1/chat/completions', headers: { authorization: `Bearer sk-${benchmarkKey}` }, server }
}

/** Bifrost's HTTP transport on a configuration file, without its database; the door of OpenAI's clients takes models without a prefix. */
export async function startBifrost(upstream: Contender): Promise<Contender> {
  const program = join(rivalFolder(rivals.bifrost), 'bifrost-http')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bud-bifrost-'))
  const keys = [{ name: 'upstream', value: 'upstream', models: ['*'], weight: 1 }]
  const openai = { keys, network_config: { base_url: `http://127.0.0.1:${String(upstream.server.port)}` } }
  const config = { client: { enable_logging: false }, providers: { openai }, config_store: { enabled: false } }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const args = ['-host', '127.0.0.1', '-port', String(port), '-app-dir', folder, '-log-level', 'error']
  const server = await startServer({ command: program, args, port })
  return { name: 'bifrost', path: '/openai/v1/chat/completions', headers: { authorization: 'Bearer upstream' }, server }
}

/** Sends one request. Throws when it is not answered as it should be. */
export async function proveAnswer({ name, path, headers, server }: Contender, stream: boolean): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${String(server.port)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'bench', stream, messages: [{ role: 'user', content: 'Hello there' }] }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (response.ok && text.includes(stream ? '[DONE]' : 'How can I help you today?')) return
  throw new Error(`${name} answered a ${stream ? 'stream' : 'JSON'} request with ${String(response.status)}: ${text.slice(0, 200)}`)
}
