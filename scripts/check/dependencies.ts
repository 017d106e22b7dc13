/** The direction of imports, and proof that each rule about it still bites: one planted violation per rule must be reported. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { inTemporaryFolder, root, runBin } from './repository.ts'
import { demandNone, Finding, type Step } from './step.ts'

const reportSchema = z.object({
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
    ruleSetUsed: z.object({ forbidden: z.array(z.object({ name: z.string(), comment: z.string().optional() })) }),
  }),
})

const cruise = async (cwd: string): Promise<z.output<typeof reportSchema>['summary']> => {
  const args = ['--config', path.join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'packages', 'examples']
  const { stdout, output } = await runBin('depcruise', args, { cwd })
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser wrote no report:\n${output}`)
  return reportSchema.parse(JSON.parse(stdout)).summary
}

/** Files of a small repository in which every rule is broken once; the name of the rule is the key. */
const planted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': { 'packages/sim/src/left.ts': "import './right.ts'\n", 'packages/sim/src/right.ts': "import './left.ts'\n" },
  'packages-import-only-core': { 'packages/gateway/src/greedy.ts': "import '@bud-foundry/sim'\n" },
  'packages-by-name': { 'packages/gateway/src/by-path.ts': "import '../../core/src/index.ts'\n" },
  'packages-import-no-examples': {
    'packages/metrics/src/upwards.ts': "import '../../../examples/demo/src/main.ts'\n",
    'examples/demo/src/main.ts': 'export const main = 1\n',
  },
  'not-own-index': { 'packages/cluster/src/deep/inner.ts': "import '../index.ts'\n" },
  'adapters-see-only-core': {
    'packages/gateway/src/providers/acme/index.ts': "import '../../pipeline/stage.ts'\n",
    'packages/gateway/src/pipeline/stage.ts': 'export const stage = 1\n',
  },
  'no-node-in-browsers': { 'packages/react/src/reads-files.ts': "import 'node:fs'\n" },
  'no-node-in-core-root': { 'packages/core/src/index.ts': "import './deep.ts'\n", 'packages/core/src/deep.ts': "import 'node:os'\n" },
  'no-tests-in-source': {
    'packages/metrics/src/tested.ts': "import '../test/sample.ts'\n",
    'packages/metrics/test/sample.ts': 'export const sample = 1\n',
  },
  'no-undeclared-packages': { 'packages/metrics/src/lucky.ts': "import 'typescript'\n" },
  'no-dev-packages-in-source': { 'packages/metrics/src/developing.ts': "import 'vitest'\n" },
  'no-unresolvable': { 'packages/sim/src/lost.ts': "import './nowhere.ts'\n" },
}

const write = async (folder: string, file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
  await writeFile(path.join(folder, file), text)
}

/** Builds the small repository: six packages that export their source, and the planted files. */
const plant = async (folder: string): Promise<void> => {
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
  for (const id of ['core', 'gateway', 'sim', 'cluster', 'metrics', 'react']) {
    const manifest = { name: `@bud-foundry/${id}`, devDependencies: { vitest: '*' }, dependencies: { '@bud-foundry/sim': '*' } }
    await write(folder, `packages/${id}/package.json`, JSON.stringify(manifest))
    await write(folder, `packages/${id}/src/index.ts`, 'export const name = 1\n')
    // Imports by name must end in this folder's packages, so each package sees them beside it.
    await mkdir(path.join(folder, `packages/${id}/node_modules/@bud-foundry`), { recursive: true })
    await symlink(path.join(folder, 'packages/sim'), path.join(folder, `packages/${id}/node_modules/@bud-foundry/sim`), 'dir')
  }
  const sim = { name: '@bud-foundry/sim', exports: { '.': './src/index.ts' }, devDependencies: { vitest: '*' } }
  await write(folder, 'packages/sim/package.json', JSON.stringify(sim))
  for (const files of Object.values(planted)) for (const [file, text] of Object.entries(files)) await write(folder, file, text)
}

const findToothless = (rules: readonly string[], reported: ReadonlySet<string>): string[] => [
  ...rules
    .filter((rule) => planted[rule] === undefined)
    .map((rule) => `The rule '${rule}' has no planted violation in scripts/check/dependencies.ts.`),
  ...rules
    .filter((rule) => planted[rule] !== undefined && !reported.has(rule))
    .map((rule) => `The rule '${rule}' did not report the violation planted for it.`),
]

export const dependencies: Step = {
  name: 'dependencies',
  run: async () => {
    const real = await cruise(root)
    const comments = new Map(real.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment ?? '']))
    demandNone(
      real.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to} (${comments.get(rule.name) ?? ''})`),
      'These imports go the wrong way.',
    )
    if (real.totalCruised === 0) throw new Finding('dependency-cruiser saw no module at all.')
    const sample = await inTemporaryFolder(async (folder) => {
      await plant(folder)
      return cruise(folder)
    })
    demandNone(
      findToothless([...comments.keys()], new Set(sample.violations.map(({ rule }) => rule.name))),
      'A rule that cannot fail checks nothing.',
    )
    return { count: real.totalCruised, things: `modules, ${comments.size} rules proven` }
  },
}
