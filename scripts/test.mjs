/** `npm test`, `npm run test:data`, `npm run test:services`, `npm run test:kubernetes`: sets everything up and runs one tier of tests; arguments go to vitest. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { prepare } from './bootstrap.mjs'
import { handOver } from './setup/child.mjs'
import { fail, modules, root, toolEnvironment } from './setup/place.mjs'

const tiers = ['unit', 'data', 'services', 'kubernetes']
const [tier = 'unit', ...vitestArgs] = process.argv.slice(2)
if (!tiers.includes(tier)) fail(`'${tier}' is no tier of tests; use ${tiers.join(', ')}.`)

const env = { ...toolEnvironment(), BUD_TEST_TIER: tier }
if (tier === 'data') {
  env.BUD_TEST_DATA = path.resolve(root, process.env.BUD_TEST_DATA ?? '../shared/data')
  if (!existsSync(env.BUD_TEST_DATA))
    fail(`The tests on measured data need the folder ${env.BUD_TEST_DATA}. Set BUD_TEST_DATA to where the data is.`)
}

const node = await prepare()
const vitest = path.join(modules, 'vitest/vitest.mjs')
const runner = tier === 'services' || tier === 'kubernetes' ? [path.join(root, 'scripts/services/run.ts')] : [vitest, 'run']
// CI reads the counts of every tier from these reports.
const report = process.env.BUD_TEST_REPORT
const reporters = report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
await handOver(node, [...runner, ...reporters, ...vitestArgs], { cwd: root, env })
