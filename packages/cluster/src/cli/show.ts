/** What `bud-cluster` prints: changes, progress and findings, for people or as JSON. */
import type { Finding } from '@bud-foundry/core'
import type { ClusterChangeSet, ClusterProgress } from '../manage/change-set.ts'
import type { CliContext } from './cli-context.ts'
import type { CommandLine } from './command-line.ts'

/** The exit code: 1 when the changes must not be applied. */
export function showChanges(changes: ClusterChangeSet, { values }: CommandLine, context: CliContext): number {
  const blocked = changes.findings.some(({ severity }) => severity === 'blocker')
  if (values.json) {
    const { changes: objects, ...rest } = changes
    context.print(JSON.stringify({ ...rest, changes: objects.map(({ action, resource, fields }) => ({ action, resource, fields })) }))
    return blocked ? 1 : 0
  }
  context.print(changes.diff === '' ? 'nothing to change' : changes.diff)
  if (changes.costUsdPerHour !== undefined) {
    context.print(`costs $${changes.costUsdPerHour.toFixed(2)} per hour, $${(changes.costUsdPerMonth ?? 0).toFixed(0)} per month`)
  }
  for (const { severity, message } of changes.findings) context.print(`${severity}: ${message}`)
  return blocked ? 1 : 0
}

const barWidth = 20

function progressLine({ step, resource, state, done, total, etaSeconds, message }: ClusterProgress): string {
  const filled = Math.round((barWidth * done) / total)
  const bar = '#'.repeat(filled).padEnd(barWidth, '.')
  const rest = message ?? (state === 'done' && done === total ? 'finished' : `about ${String(etaSeconds ?? 0)} s left`)
  return `[${bar}] ${String(done)}/${String(total)} ${step} ${resource}: ${state}, ${rest}`
}

/** One line for each event. */
export async function showProgress(
  progress: AsyncIterable<ClusterProgress>,
  { values }: CommandLine,
  context: CliContext,
): Promise<number> {
  for await (const event of progress) {
    const { error, ...rest } = event
    const plain = error === undefined ? rest : { ...rest, error: { code: error.code, message: error.message } }
    context.print(values.json ? JSON.stringify(plain) : progressLine(event))
  }
  return 0
}

/** Beside what is printed for other programs. */
export function showFindings(findings: readonly Finding[], context: CliContext): number {
  for (const { severity, message } of findings) context.printError(`${severity}: ${message}`)
  return findings.some(({ severity }) => severity === 'blocker') ? 1 : 0
}
