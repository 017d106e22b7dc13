/** The program plans, answers other requests meanwhile, explains mistakes, and stops when it is told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('plans in its thread while other requests are answered, and stops cleanly', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=bud-source', main], { env: { PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
  const { url } = JSON.parse(String(line))
  const plan = (model: string) =>
    fetch(`${url}/plans`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ model, devices: [{ hardwareId: 'h100-sxm', count: 2 }] }),
    })
  const planned = plan('Qwen/Qwen3-8B')
  expect(await (await fetch(`${url}/health`, { headers: { connection: 'close' } })).text()).toBe('ok')
  expect(await (await planned).json()).toHaveProperty('plans.0.hardwareId', 'h100-sxm')
  const mistaken = await plan('nobody/nothing')
  expect(mistaken.status).toBe(400)
  expect(await mistaken.json()).toMatchObject({ error: { code: 'SIM_MODEL_UNKNOWN' } })
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})
