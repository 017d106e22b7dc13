/** The process as the commands of `bud-cluster` see it, for tests to replace. */
import type { ClusterManager } from '../create-cluster-manager.ts'
import type { DesiredDeployment } from '../manage/change-set.ts'
import { UsageError, type CommandLine } from './command-line.ts'

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

/** @throws UsageError */
export async function readDesired({ subject, values }: CommandLine, context: CliContext): Promise<DesiredDeployment> {
  if (subject === undefined) throw new UsageError('the file of a deployment plan is missing (bud-sim optimize --json writes one)')
  const plan = await readJson(context, subject, 'the plan')
  const options = values.options === undefined ? undefined : await readJson(context, values.options, 'the options')
  // Safe: the planner puts both through their schemas before anything reads them.
  return { plan, ...(options === undefined ? {} : { options }) } as DesiredDeployment
}

/** @throws UsageError */
export function namedDeployment({ verb, subject, values }: CommandLine) {
  if (subject === undefined) throw new UsageError(`${verb} needs the name of a deployment`)
  return { name: subject, namespace: values.namespace }
}
