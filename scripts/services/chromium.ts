/** The browser of the page tests: Debian's Chromium. Each test launches its own; here it is installed and shown to draw a page. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensureProgram, runTool } from './install.ts'
import type { Service } from './service.ts'

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export const chromium: Service = {
  name: 'chromium',
  start: async () => {
    const program = await ensureProgram('chromium', 'chromium')
    const profile = await mkdtemp(path.join(tmpdir(), 'bud-chromium-'))
    try {
      const page = await runTool(program, [...flags, `--user-data-dir=${profile}`, '--dump-dom', 'data:text/html,<p>drawn</p>'])
      if (!page.includes('<p>drawn</p>')) throw new Error(`Chromium did not draw a page: ${page}`)
    } finally {
      await rm(profile, { recursive: true, force: true })
    }
    const version = await runTool(program, ['--version'])
    return { environment: { BUD_TEST_CHROMIUM: program }, description: version.trim(), stop: () => Promise.resolve() }
  },
}
