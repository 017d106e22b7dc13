/** Prometheus's own tool accepts the rules and the exposition. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '@bud-foundry/core'
import { expect, onTestFinished, test } from 'vitest'
import { createPrometheusRules } from '../../src/grafana/rules.ts'
import { storeMetricsText } from '../../src/telemetry/store-metrics.ts'
import { openTestEngine } from '../support/engine.ts'
import { migrate } from '../../src/migrate/migrate.ts'

const run = promisify(execFile)
/** Set by the runner of the service tests. */
const promtool = process.env['BUD_TEST_PROMTOOL'] ?? 'promtool'

test('promtool accepts the rules', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-rules-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'rules.yaml')
  await writeFile(path, createPrometheusRules({ target: 0.995 }))
  const { stdout } = await run(promtool, ['check', 'rules', path])
  expect(stdout).toMatch(/SUCCESS: \d\d rules found/)
})

test('promtool accepts the exposition, with the coverage of OTLP in it', async () => {
  await using engine = await openTestEngine()
  await migrate(engine.client, systemClock)
  const coverage = { 'it\'s "quoted"': { spans: 1, tokens: 1, timeToFirstToken: 0, cost: 0, user: 0, samples: { durationMs: 2 } } }
  const receipt = { produced: 3, stored: 2, pending: 1, dropped: 0 }
  const text = await storeMetricsText({ client: engine.client, receipt, coverage })
  const child = spawn(promtool, ['check', 'metrics'])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  child.stdin.end(text)
  const [code] = (await once(child, 'close')) as unknown[]
  expect([code, output]).toEqual([0, ''])
})
