/** Sets everything up and runs one of the scripts beside it on the project's Node: `node scripts/run.mjs [--no-build] check/check.ts [arguments]`. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { prepare } from './bootstrap.mjs'
import { handOver } from './setup/child.mjs'
import { fail, root, toolEnvironment } from './setup/place.mjs'

const args = process.argv.slice(2)
const built = args[0] !== '--no-build'
const [script = '', ...rest] = built ? args : args.slice(1)
const file = path.join(root, script)
if (script === '' || !existsSync(file)) fail(`There is no script '${script}' to run.`)
// Type-aware lint and the reference documentation of every package together outgrow Node's default heap.
await handOver(await prepare({ built }), ['--max-old-space-size=8192', file, ...rest], { cwd: root, env: toolEnvironment() })
