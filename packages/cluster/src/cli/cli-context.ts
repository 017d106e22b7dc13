/** The process as the commands of `bud-cluster` see it, for tests to replace. */
import { z } from 'zod'
import type { ClusterManager } from '../create-cluster-manager.ts'
import type { DesiredDeployment } from '../manage/change-set.ts'
import { defaultNamespace, UsageError, type CommandLine } from './command-line.ts'

export interface CliContext {
  readonly version: string
  readonly readFile: (path: string) => Promise<string>
  /** Makes the folder when it is missing. */
  readonly writeFile: (path: string, text: string) => Promise<void>
  readonly removeFile: (path: string) => Promise<void>
  /** Names in a folder; none when it does not exist. */
  readonly listFolder: (path: string) => Promise<readonly string[]>
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly signal: AbortSignal
  /** Connects as the flags say; closed by the caller of this function's promise. */
  readonly connect: (line: CommandLine) => Promise<ClusterManager & AsyncDisposable>
}

/** What a verb does with a cluster; the exit code. */
export type Work = (manager: ClusterManager, line: CommandLine, context: CliContext) => Promise<number>

async function readJson(context: CliContext, path: string, what: string): Promise<unknown> {
  try {
    return JSON.parse(await context.readFile(path))
  } catch (error) {
    throw new UsageError(`${what} '${path}' cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const listOfPlans = z.looseObject({ plans: z.array(z.unknown()).min(1) })

/** What `bud-sim optimize --json` prints has several plans, the best first. */
function chosenPlan(content: unknown, file: string, number: string | undefined): unknown {
  const list = listOfPlans.safeParse(content)
  if (!list.success) return content
  const { plans } = list.data
  const chosen = plans[Number(number ?? '1') - 1]
  if (chosen === undefined)
    throw new UsageError(`'${file}' has ${String(plans.length)} plans; choose one with --plan 1 to ${String(plans.length)}`)
  return chosen
}

function inNamespace(options: unknown, namespace: string): unknown {
  if (typeof options !== 'object' || options === null) return options
  if ('namespace' in options && options.namespace !== namespace)
    throw new UsageError(
      `--namespace ${namespace} and the options' namespace '${String(options.namespace)}' are not the same; give one of them`,
    )
  return { ...options, namespace }
}

/** @throws UsageError */
export async function readDesired({ subject, values }: CommandLine, context: CliContext): Promise<DesiredDeployment> {
  if (subject === undefined) throw new UsageError('the file of a deployment plan is missing (bud-sim optimize --json writes one)')
  const plan = chosenPlan(await readJson(context, subject, 'the plan'), subject, values.plan)
  const given = values.options === undefined ? {} : await readJson(context, values.options, 'the options')
  const options = values.namespace === undefined ? given : inNamespace(given, values.namespace)
  // Safe: the planner puts both through their schemas before anything reads them.
  return { plan, options } as DesiredDeployment
}

function assertLabel(what: string, name: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new UsageError(`'${name}' cannot be ${what}: use lower-case letters, digits and hyphens, at most 63 of them`)
}

/** @throws UsageError */
export function namedDeployment({ verb, subject, values }: CommandLine) {
  if (subject === undefined) throw new UsageError(`${verb} needs the name of a deployment`)
  const { namespace = defaultNamespace } = values
  assertLabel('the name of a deployment', subject)
  assertLabel('a namespace', namespace)
  return { name: subject, namespace }
}
