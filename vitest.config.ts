/** One vitest project per workspace; BUD_TEST_TIER picks unit (default), data, services or kubernetes. */
import { existsSync, readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const tier = process.env['BUD_TEST_TIER'] ?? 'unit'
const patterns: Record<string, { include: string[]; exclude: string[] }> = {
  unit: { include: ['test/**/*.test.{ts,tsx}'], exclude: ['test/**/*.{data,service,kubernetes}.test.{ts,tsx}'] },
  data: { include: ['test/**/*.data.test.{ts,tsx}'], exclude: [] },
  services: { include: ['test/**/*.service.test.{ts,tsx}'], exclude: [] },
  kubernetes: { include: ['test/**/*.kubernetes.test.{ts,tsx}'], exclude: [] },
}
const pattern = patterns[tier]
if (pattern === undefined) throw new Error(`BUD_TEST_TIER is '${tier}'; use unit, data, services or kubernetes`)

const workspaces = ['packages', 'examples'].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url))
    .map((name) => ({ name, root: `${folder}/${name}` }))
    .filter(({ root }) => existsSync(new URL(`${root}/test`, import.meta.url))),
)

export default defineConfig({
  test: {
    // The in-process ClickHouse engine crashes under worker threads.
    pool: 'forks',
    maxWorkers: 2,
    projects: workspaces.map(({ name, root }) => ({
      // Sources are resolved directly, so that tests need no build.
      resolve: { conditions: ['bud-source'] },
      ssr: { resolve: { conditions: ['bud-source'] } },
      test: { name, root, ...pattern, passWithNoTests: false },
    })),
  },
})
