/** Every question over ClickHouse's HTTP interface: chDB behind a bridge, see there. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { createServerClient } from '../../src/client/server-client.ts'
import { openHttpBridge } from '../support/http-bridge.ts'
import { testQuestions } from '../support/question-suite.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

testQuestions(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-http-'))
  const bridge = await openHttpBridge(join(directory, 'database'))
  return {
    client: createServerClient({ url: bridge.url }),
    spoolDirectory: join(directory, 'spool'),
    async [Symbol.asyncDispose]() {
      await bridge[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
