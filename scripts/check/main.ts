/**
 * `npm run check`: every automatic judgement that is not a test, one step after the other.
 * `--only lint,types` picks steps; `--update` rewrites golden and generated files instead of comparing them.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { api } from './api.ts'
import { changesets } from './changesets.ts'
import { dependencies } from './dependencies.ts'
import { documentation } from './documentation.ts'
import { format } from './format.ts'
import { generated } from './generated.ts'
import { install } from './install.ts'
import { lint } from './lint.ts'
import { packaging } from './packaging.ts'
import { inTemporaryFolder } from './repository.ts'
import { Finding, type CheckOptions, type Step } from './step.ts'
import { types } from './types.ts'
import { unused } from './unused.ts'

const steps: readonly Step[] = [format, types, lint, dependencies, unused, api, generated, documentation, changesets, packaging, install]

/** Their tools keep gigabytes for as long as their process lives, so each has one of its own. */
const roomySteps: readonly Step[] = [lint, documentation]

interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
  readonly note: string
}

const runStep = async (step: Step, options: CheckOptions): Promise<Outcome> => {
  const startMs = performance.now()
  const outcome = (passed: boolean, note: string) => ({ name: step.name, passed, seconds: (performance.now() - startMs) / 1000, note })
  try {
    const { count, things } = await step.run(options)
    if (count === 0) throw new Finding(`examined no ${things}; a check that sees nothing proves nothing`)
    return outcome(true, `${count} ${things}`)
  } catch (error) {
    const text = error instanceof Finding ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stdout.write(`\n--- ${step.name}\n${text.trimEnd()}\n\n`)
    return outcome(false, 'see above')
  }
}

/** The step in a process of its own, which prints what it finds and sends its outcome. */
const runApart = ({ name }: Step, update: boolean): Promise<Outcome> =>
  new Promise((resolve) => {
    const startMs = performance.now()
    const child = fork(fileURLToPath(import.meta.url), ['--only', name, '--apart', ...(update ? ['--update'] : [])])
    child.once('message', (outcome) => {
      // Safe: the same file at the other end sends nothing else.
      resolve(outcome as Outcome)
    })
    child.once('exit', (code, signal) => {
      const note = `its process ended with ${String(code ?? signal)}`
      resolve({ name, passed: false, seconds: (performance.now() - startMs) / 1000, note })
    })
  })

const toLine = ({ name, passed, seconds, note }: Outcome): string =>
  `${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s  ${note}\n`

const pickSteps = (only: string | undefined): readonly Step[] => {
  if (only === undefined) return steps
  return only.split(',').map((name) => {
    const step = steps.find((candidate) => candidate.name === name)
    if (step === undefined) throw new Finding(`There is no check '${name}'; there are ${steps.map((each) => each.name).join(', ')}.`)
    return step
  })
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, update: { type: 'boolean', default: false }, apart: { type: 'boolean', default: false } },
  })
  const outcomes: Outcome[] = []
  await inTemporaryFolder(async (workFolder) => {
    for (const step of pickSteps(values.only)) {
      const isRoomy = roomySteps.includes(step) && !values.apart
      const outcome = isRoomy ? await runApart(step, values.update) : await runStep(step, { update: values.update, workFolder })
      outcomes.push(outcome)
      if (values.apart) process.send?.(outcome)
      else process.stdout.write(toLine(outcome))
    }
  })
  if (values.apart) {
    process.disconnect()
    return 0
  }
  const failed = outcomes.filter((outcome) => !outcome.passed)
  const summary = failed.length === 0 ? `All ${outcomes.length} checks passed.` : `Failed: ${failed.map(({ name }) => name).join(', ')}.`
  process.stdout.write(`\n${outcomes.map(toLine).join('')}${summary}\n`)
  return failed.length === 0 ? 0 : 1
}

process.exitCode = await main()
