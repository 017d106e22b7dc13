/** Metrics on the real in-process engine, in a directory of its own that vanishes afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'

// A real database on a busy machine: time limits here only end what hangs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

export interface TestEngine extends AsyncDisposable {
  readonly directory: string
  readonly spoolDirectory: string
  readonly client: AnalyticsClient
}

export async function openTestEngine(): Promise<TestEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-'))
  const client = await createEmbeddedClient({ directory: join(directory, 'database') })
  return {
    directory,
    spoolDirectory: join(directory, 'spool'),
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
