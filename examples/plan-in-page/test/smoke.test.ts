/** The page builds into files that need nothing else, least of all Node. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { buildPage } from './build-page.ts'

it('builds without Node', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plan-in-page-'))
  await buildPage(folder)
  const scripts = readdirSync(path.join(folder, 'assets')).filter((name) => name.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  for (const name of scripts) expect(readFileSync(path.join(folder, 'assets', name), 'utf8')).not.toMatch(/["']node:/)
  rmSync(folder, { recursive: true })
})
