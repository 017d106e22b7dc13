/** The verbs that change a cluster, or show what would change. */
import { benchmarkJob } from '../deploy/benchmark-job.ts'
import { readBenchmarkResult } from '../deploy/benchmark-result.ts'
import type { ClusterManager } from '../create-cluster-manager.ts'
import type { ClusterChangeSet } from '../manage/change-set.ts'
import { namedDeployment, readDesired, type CliContext, type Work } from './cli-context.ts'
import { UsageError, type CommandLine } from './command-line.ts'
import { showChanges, showProgress } from './show.ts'

async function applyShown(manager: ClusterManager, changes: ClusterChangeSet, line: CommandLine, context: CliContext): Promise<number> {
  const blocked = showChanges(changes, line, context)
  return blocked === 0 ? showProgress(manager.apply(changes, context.signal), line, context) : blocked
}

const planned = async (manager: ClusterManager, line: CommandLine, context: CliContext) => {
  const desired = await readDesired(line, context)
  return line.values.adopt ? manager.adopt(desired, context.signal) : manager.plan(desired, context.signal)
}

/** Adds a row to a file of measurements, which other runs may have begun. */
async function addRow(file: string, row: Readonly<Record<string, string>>, context: CliContext): Promise<void> {
  const cell = (value: string) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
  const header = Object.keys(row).map(cell).join(',')
  const before = await context.readFile(file).catch(() => '')
  if (before !== '' && before.split('\n')[0] !== header) throw new UsageError(`'${file}' has other columns; name another file with --out`)
  const rows = before === '' ? `${header}\n` : before.replace(/\n?$/, '\n')
  await context.writeFile(file, `${rows}${Object.values(row).map(cell).join(',')}\n`)
}

export const changeVerbs = {
  plan: async (manager, line, context) => showChanges(await planned(manager, line, context), line, context),
  apply: async (manager, line, context) => applyShown(manager, await planned(manager, line, context), line, context),
  drift: async (manager, line, context) => {
    const changes = await manager.drift(await readDesired(line, context), context.signal)
    if (line.values.repair) return applyShown(manager, changes, line, context)
    return Math.max(showChanges(changes, line, context), changes.changes.length > 0 ? 1 : 0)
  },
  rollback: async (manager, line, context) => {
    const changes = await manager.rollback(namedDeployment(line), context.signal)
    if (changes !== undefined) return applyShown(manager, changes, line, context)
    context.printError(`no version of ${namedDeployment(line).name} that served is known here and differs from what is there`)
    return 1
  },
  destroy: async (manager, line, context) => {
    const deployment = namedDeployment(line)
    const { status } = await manager.observe(deployment, context.signal)
    if (status === 'absent') context.printError(`nothing of ${deployment.name} is in namespace ${deployment.namespace}`)
    await showProgress(manager.destroy(deployment, context.signal), line, context)
    const left = await manager.leftovers(deployment, context.signal)
    for (const { kind, name } of left) context.printError(`left: ${kind} ${name}`)
    if (left.length === 0 && !line.values.json) context.print(`nothing is left of ${deployment.name}`)
    return left.length === 0 ? 0 : 1
  },
  benchmark: async (manager, line, context) => {
    const { plan, options } = await readDesired(line, context)
    const requests = line.values.requests === undefined ? {} : { requests: Number(line.values.requests) }
    let log = ''
    const progress = manager.run(benchmarkJob(plan, options, requests), (text) => (log = text), context.signal)
    await showProgress(progress, line, context)
    const { measurement, requests: _, ...figures } = readBenchmarkResult(plan, log)
    if (line.values.out !== undefined) await addRow(line.values.out, measurement, context)
    const { completed, failed, outputTokensPerSecond, timeToFirstTokenMs, timePerOutputTokenMs } = figures
    context.print(
      line.values.json
        ? JSON.stringify({ ...figures, measurement })
        : `${String(completed)} requests answered, ${String(failed)} failed: ${outputTokensPerSecond.toFixed(0)} output tokens/s, first token ${timeToFirstTokenMs.p50.toFixed(0)} ms, then ${timePerOutputTokenMs.p50.toFixed(1)} ms each (medians)`,
    )
    return failed === 0 ? 0 : 1
  },
} as const satisfies Readonly<Record<string, Work>>
