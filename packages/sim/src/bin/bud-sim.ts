#!/usr/bin/env node
/** The `bud-sim` command: connects the command line to the process. */
import { fstatSync, readFileSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemClock } from '@bud-foundry/core'
import { runCli } from '../cli/run-cli.ts'

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

const ending = new AbortController()
const end = () => {
  ending.abort()
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
// A parent that started this with an IPC channel takes it along when it goes.
if (process.channel !== undefined) {
  process.once('disconnect', end)
  process.channel?.unref()
}
const withParent = process.argv.includes('--exit-with-parent')
if (withParent) {
  const parent = process.ppid
  // The end of a piped standard input tells at once that the parent is gone; its process id tells in every other case.
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket()) process.stdin.on('end', end).on('error', end).resume()
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, 500).unref()
}

// Whoever reads may stop early, as `head` does; a full disk behind standard output is told on the other one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`bud-sim: cannot write to standard output: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

/** What the shell passes on from another process is open already; opening any other pipe would wait for a writer that may never come. */
async function readText(path: string): Promise<string> {
  const passedOn = /^\/(?:dev|proc\/self)\/(?:fd\/\d+|stdin)$/.test(path)
  if (!passedOn && !(await stat(path)).isFile()) throw new Error('it is no regular file')
  return readFile(path, 'utf8')
}

process.exitCode = await runCli(process.argv.slice(2), {
  clock: systemClock,
  version: version(),
  readFile: readText,
  writeFile: async (path, text) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  },
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
  signal: ending.signal,
  interactive: process.stderr.isTTY,
})
// A standard input that is still being watched would keep the process alive.
if (withParent) process.stdin.destroy()
