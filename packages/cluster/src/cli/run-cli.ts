/** Does what a command line of `bud-cluster` asks for; everything outside comes in as a part. */
import { isBudError, type Finding } from '@bud-foundry/core'
import { stringify } from 'yaml'
import type { ClusterManager } from '../create-cluster-manager.ts'
import { planManifests } from '../deploy/plan-manifests.ts'
import { permissionManifests } from '../kubernetes/own-permissions.ts'
import type { ClusterChangeSet, ClusterProgress, DesiredDeployment } from '../manage/change-set.ts'
import { help, parseCommandLine, UsageError, type CommandLine } from './command-line.ts'

/** The process, for tests to replace. */
export interface CliContext {
  readonly version: string
  readonly readFile: (path: string) => Promise<string>
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly signal: AbortSignal
  /** Connects with the flags; closed by the caller of this function's promise. */
  readonly connect: (values: CommandLine['values']) => Promise<ClusterManager & AsyncDisposable>
}

type Work = (manager: ClusterManager, line: CommandLine, context: CliContext) => Promise<number>

async function readJson(context: CliContext, path: string, what: string): Promise<unknown> {
  try {
    return JSON.parse(await context.readFile(path))
  } catch (error) {
    throw new UsageError(`${what} '${path}' cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function readDesired({ subject, values }: CommandLine, context: CliContext): Promise<DesiredDeployment> {
  if (subject === undefined) throw new UsageError('the file of a deployment plan is missing (bud-sim optimize --json writes one)')
  const plan = await readJson(context, subject, 'the plan')
  const options = values.options === undefined ? undefined : await readJson(context, values.options, 'the options')
  // Safe: the planner puts both through their schemas before anything reads them.
  return { plan, ...(options === undefined ? {} : { options }) } as DesiredDeployment
}

function reference({ verb, subject, values }: CommandLine) {
  if (subject === undefined) throw new UsageError(`${verb} needs the name of a deployment`)
  return { name: subject, namespace: values.namespace }
}

function showChanges(changes: ClusterChangeSet, { values }: CommandLine, context: CliContext): number {
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

async function show(progress: AsyncIterable<ClusterProgress>, { values }: CommandLine, context: CliContext): Promise<number> {
  for await (const event of progress) {
    const { error, ...rest } = event
    const plain = error === undefined ? rest : { ...rest, error: { code: error.code, message: error.message } }
    context.print(values.json ? JSON.stringify(plain) : progressLine(event))
  }
  return 0
}

async function applyShown(manager: ClusterManager, changes: ClusterChangeSet, line: CommandLine, context: CliContext): Promise<number> {
  const blocked = showChanges(changes, line, context)
  return blocked === 0 ? show(manager.apply(changes, context.signal), line, context) : blocked
}

const planned = async (manager: ClusterManager, line: CommandLine, context: CliContext) => {
  const desired = await readDesired(line, context)
  return line.values.adopt ? manager.adopt(desired, context.signal) : manager.plan(desired, context.signal)
}

const works: Readonly<Record<Exclude<CommandLine['verb'], 'render'>, Work>> = {
  plan: async (manager, line, context) => showChanges(await planned(manager, line, context), line, context),
  apply: async (manager, line, context) => applyShown(manager, await planned(manager, line, context), line, context),
  drift: async (manager, line, context) => {
    const changes = await manager.drift(await readDesired(line, context), context.signal)
    if (line.values.repair) return applyShown(manager, changes, line, context)
    return Math.max(showChanges(changes, line, context), changes.changes.length > 0 ? 1 : 0)
  },
  observe: async (manager, line, context) => {
    const state = await manager.observe(reference(line), context.signal)
    const pods = state.pods.map(({ name, nodeName, phase, ready, reason }) =>
      `  ${name} on ${nodeName ?? 'no node'}: ${phase}${ready ? ', ready' : ''} ${reason ?? ''}`.trimEnd(),
    )
    const head = `${state.deployment.name} is ${state.status}: ${String(state.readyReplicas)} of ${String(state.replicas)} replicas`
    context.print(
      line.values.json ? JSON.stringify(state) : [head, ...(state.problem === undefined ? [] : [state.problem]), ...pods].join('\n'),
    )
    return state.status === 'ready' ? 0 : 1
  },
  destroy: async (manager, line, context) => {
    await show(manager.destroy(reference(line), context.signal), line, context)
    const left = await manager.leftovers(reference(line), context.signal)
    if (!line.values.json) context.print(`nothing is left of ${reference(line).name}`)
    return left.length
  },
  test: async (manager, line, context) => {
    const { identity, findings } = await manager.testConnection([], context.signal)
    const head = identity === undefined ? [] : [`${identity.platform} ${identity.version} at ${identity.server}`]
    const text = [...head, ...findings.map(({ severity, message }) => `${severity}: ${message}`)]
    context.print(line.values.json ? JSON.stringify({ identity, findings }) : text.join('\n'))
    return findings.some(({ severity }) => severity === 'blocker') ? 1 : 0
  },
  health: async (manager, line, context) => {
    const health = await manager.health(context.signal)
    const checks = health.checks.map(({ check, status, reason }) => `  ${check}: ${status}${reason === undefined ? '' : `, ${reason}`}`)
    context.print(line.values.json ? JSON.stringify(health) : [`the cluster is ${health.status}`, ...checks].join('\n'))
    return health.status === 'available' ? 0 : 1
  },
  workers: async (manager, line, context) => {
    const workers = await manager.workers(line.subject === undefined ? undefined : reference(line), context.signal)
    const rows = workers.map(
      ({ namespace, name, nodeName, hardwareId, phase, ready, restarts, reason }) =>
        `${namespace}/${name} on ${nodeName ?? 'no node'}${hardwareId === undefined ? '' : ` (${hardwareId})`}: ${phase}${ready ? ', ready' : ''}, ${String(restarts)} restarts${reason === undefined ? '' : `, ${reason}`}`,
    )
    context.print(line.values.json ? JSON.stringify(workers) : rows.length === 0 ? 'no workers' : rows.join('\n'))
    return 0
  },
  logs: async (manager, line, context) => {
    for (const worker of await manager.workers(reference(line), context.signal)) {
      for (const { at, text } of await manager.readLog(worker, context.signal)) {
        context.print(line.values.json ? JSON.stringify({ worker: worker.name, at, text }) : `${worker.name} ${text}`)
      }
    }
    return 0
  },
  discover: async (manager, line, context) => {
    const found = await manager.discover(context.signal)
    const devices = found.devices.map(
      ({ nodeName, count, available, hardwareId, sharing }) =>
        `${nodeName ?? ''}: ${String(count)} × ${hardwareId}, ${String(available ?? count)} free${sharing === 'whole' ? '' : `, ${sharing}`}`,
    )
    const text = [
      ...(devices.length === 0 ? ['no accelerators found'] : devices),
      ...found.findings.map(({ severity, message }) => `${severity}: ${message}`),
    ]
    context.print(line.values.json ? JSON.stringify(found) : text.join('\n'))
    return 0
  },
}

async function render(line: CommandLine, context: CliContext): Promise<number> {
  const { manifests, findings } = line.values.rbac
    ? { manifests: permissionManifests(), findings: [] }
    : await readDesired(line, context).then(({ plan, options }) => planManifests(plan, options))
  context.print(line.values.json ? JSON.stringify(manifests) : manifests.map((manifest) => stringify(manifest)).join('---\n'))
  return showFindings(findings, context)
}

/** Beside what is printed for other programs. */
function showFindings(findings: readonly Finding[], context: CliContext): number {
  for (const { severity, message } of findings) context.printError(`${severity}: ${message}`)
  return findings.some(({ severity }) => severity === 'blocker') ? 1 : 0
}

/** The exit code: 0 done, 1 failed or (plan, drift, observe) not as it should be, 2 wrong arguments. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  if (args.length === 0 || args.some((argument) => argument === '--help' || argument === '-h')) {
    context.print(help)
    return args.length === 0 ? 2 : 0
  }
  if (args[0] === '--version') {
    context.print(context.version)
    return 0
  }
  try {
    const line = parseCommandLine(args)
    if (line.verb === 'render') return await render(line, context)
    await using manager = await context.connect(line.values)
    return await works[line.verb](manager, line, context)
  } catch (error) {
    if (error instanceof UsageError) {
      context.printError(`bud-cluster: ${error.message}\n\n${help}`)
      return 2
    }
    if (!isBudError(error)) throw error
    context.printError(`bud-cluster: ${error.message}`)
    return 1
  }
}
