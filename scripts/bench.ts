/** `npm run bench -- [part of a path ...]`: runs the *.bench.ts files of benchmarks one after the other, so that none disturbs another. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { listFiles, root } from './check/repository.ts'

const wanted = process.argv.slice(2)
const files = (await listFiles('benchmarks/**/*.bench.ts')).filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
)
if (files.length === 0) {
  process.stderr.write(`No benchmark matches ${wanted.length === 0 ? 'benchmarks/**/*.bench.ts' : wanted.join(', ')}.\n`)
  process.exitCode = 1
}
for (const file of files) {
  process.stdout.write(`\n=== ${file}\n`)
  const { status } = spawnSync(process.execPath, [path.join(root, file)], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
