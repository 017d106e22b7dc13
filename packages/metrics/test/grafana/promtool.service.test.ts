/** Prometheus's own tool accepts the rules and the exposition. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { createPrometheusRules } from '../../src/grafana/rules.ts'

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
