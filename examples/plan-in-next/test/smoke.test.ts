/** Next.js serves the route, and the route plans. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('answers a POST to its route with plans', { timeout: 90_000 }, async () => {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
  const child = spawn(process.execPath, [next, 'dev', '--webpack', '--port', '0', '--hostname', '127.0.0.1'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    let url = ''
    for await (const line of createInterface(child.stdout)) {
      url = /http:\/\/\S+/.exec(line)?.[0] ?? url
      if (line.includes('Ready')) break
    }
    child.stdout.resume()
    const response = await fetch(`${url}/api/plan`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: JSON.stringify({ model: 'Qwen/Qwen3-8B', devices: [{ hardwareId: 'h100-sxm', count: 2 }] }),
    })
    expect(await response.json()).toHaveProperty('plans.0.hardwareId', 'h100-sxm')
  } finally {
    child.kill('SIGTERM')
    await exited
  }
})
