/** Adds up the counts of vitest's JSON reports: `node scripts/count-tests.mjs <1 when something failed> <folder>` prints `N passed, N failed`. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const [somethingFailed, folder = ''] = process.argv.slice(2)
let passed = 0
let failed = 0
for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
}
// A failure outside the tests (the build, a check, a server that did not start) must not read as a clean count.
if (somethingFailed === '1' && failed === 0) failed = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)
