/** Starts every real server, runs the service tier of the tests against them, and stops them again. Arguments go to vitest. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bun } from './bun.ts'
import { chromium } from './chromium.ts'
import { helm } from './helm.ts'
import { kubernetes } from './kubernetes.ts'
import { llama } from './llama.ts'
import { moto } from './moto.ts'
import { promtool } from './promtool.ts'
import type { RunningService, Service } from './service.ts'
import { valkey } from './valkey.ts'

// A control plane takes minutes to build the first time, so its tests are a tier of their own.
const services: readonly Service[] =
  process.env['BUD_TEST_TIER'] === 'kubernetes' ? [kubernetes, helm] : [valkey, chromium, llama, bun, promtool, moto]
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

const startService = async (service: Service): Promise<RunningService> => {
  const startMs = performance.now()
  try {
    const running = await service.start()
    process.stdout.write(`${service.name}: ${running.description}, ready in ${Math.round(performance.now() - startMs)} ms\n`)
    return running
  } catch (error) {
    throw new Error(`The service '${service.name}' could not be started.`, { cause: error })
  }
}

const runTests = (environment: Readonly<Record<string, string>>, ended: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    })
    ended.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })

const asked = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort())

const outcomes = await Promise.allSettled(services.map(startService))
const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
const failures: readonly unknown[] = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []))
try {
  for (const failure of failures)
    process.stderr.write(`${failure instanceof Error ? `${failure.message}\n${String(failure.cause)}` : String(failure)}\n`)
  // No tests without all servers: a suite must not pass because its server was absent.
  const environment = Object.assign({}, ...started.map((running) => running.environment)) as Record<string, string>
  process.exitCode = failures.length > 0 || asked.signal.aborted ? 1 : await runTests(environment, asked.signal)
} finally {
  await Promise.all(started.map((running) => running.stop()))
}
