/** The program serves both its own page and the gateway, and stops when it is told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('serves its page and its models on one port, and stops cleanly', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=bud-source', main], { env: { PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
  const { url, apiKey } = JSON.parse(String(line))
  expect(await (await fetch(url)).text()).toContain('My application')
  expect((await fetch(`${url}/v1/models`)).status).toBe(401)
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: 'chat', stream: true, max_tokens: 5, messages: [{ role: 'user', content: 'What is a KV cache?' }] }),
  })
  expect(await response.text()).toContain('data: [DONE]')
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})
