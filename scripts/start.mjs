/** `npm start`: sets everything up and runs the reference server until a signal ends it. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { prepare } from './bootstrap.mjs'
import { handOver } from './setup/child.mjs'
import { fail, root } from './setup/place.mjs'

const node = await prepare({ clickhouse: 'external-allowed', filter: 'reference-server' })
const entry = path.join(root, 'examples/reference-server/dist/main.js')
if (!existsSync(entry))
  fail(`The build of examples/reference-server wrote no ${path.relative(root, entry)}, so there is no server to start.`)
await handOver(node, [entry, ...process.argv.slice(2)], { cwd: root, env: process.env })
