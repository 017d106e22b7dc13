/** Does what a command line of `bud-cluster` asks for; everything outside comes in as a part. */
import { isBudError } from '@bud-foundry/core'
import { changeVerbs } from './change-verbs.ts'
import type { CliContext, Work } from './cli-context.ts'
import { help, parseCommandLine, UsageError, type CommandLine } from './command-line.ts'
import { lookVerbs } from './look-verbs.ts'
import { gitOps, render } from './render-verbs.ts'

const works: Readonly<Record<Exclude<CommandLine['verb'], 'render' | 'gitops'>, Work>> = { ...changeVerbs, ...lookVerbs }

/** A disk that is full, a folder that may not be written: the caller's to mend, and no bug. */
const isSystemError = (error: unknown): error is Error => error instanceof Error && 'syscall' in error

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
    if (line.verb === 'gitops') return await gitOps(line, context)
    await using manager = await context.connect(line)
    return await works[line.verb](manager, line, context)
  } catch (error) {
    if (error instanceof UsageError) {
      context.printError(`bud-cluster: ${error.message}\n\n${help}`)
      return 2
    }
    if (!isBudError(error) && !isSystemError(error)) throw error
    context.printError(`bud-cluster: ${error.message}`)
    return 1
  }
}
