/** Finds the verb of a command line, runs it, and turns failures into clear messages and exit codes. */
import { isBudError } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { findSimilar } from '../similar-names.ts'
import { hardwareCommand, modelsCommand } from './catalogue-commands.ts'
import { NegativeAnswer, UsageError, type Command, type CommandContext } from './command.ts'
import { memoryCommand } from './memory-command.ts'
import { optimizeCommand } from './optimize-command.ts'
import { predictCommand } from './predict-command.ts'
import { serveCommand } from './serve-command.ts'
import { trainCommand } from './train-command.ts'
import { validateCommand } from './validate-command.ts'

const commands: readonly Command[] = [
  serveCommand,
  memoryCommand,
  predictCommand,
  optimizeCommand,
  hardwareCommand,
  modelsCommand,
  validateCommand,
  trainCommand,
]

const help = () =>
  [
    'usage: bud-sim <command> [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`),
    '',
    'bud-sim <command> --help shows its options; bud-sim --version prints the version',
  ].join('\n')

/** A full disk or a closed folder is an answer, not a fault of the command. */
const explainWriting =
  (writeFile: CommandContext['writeFile']): CommandContext['writeFile'] =>
  async (path, text) => {
    try {
      await writeFile(path, text)
    } catch (cause) {
      throw simErrors.FILE_UNWRITABLE({ path, reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
    }
  }

/** The exit code: 0 done, 1 failed, 2 wrong arguments. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  const [verb, ...rest] = args
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    context.print(help())
    return verb === undefined ? 2 : 0
  }
  if (verb === '--version') {
    context.print(context.version)
    return 0
  }
  const command = commands.find(({ name }) => name === verb)
  if (command === undefined) {
    const similar = findSimilar(
      verb,
      commands.map(({ name }) => name),
    )
    context.printError(
      `bud-sim: there is no command '${verb}'${similar[0] === undefined ? '' : `; did you mean '${similar[0]}'?`}\n\n${help()}`,
    )
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    context.print(`${command.summary}\n\nusage: ${command.usage}`)
    return 0
  }
  try {
    await command.run(rest, { ...context, writeFile: explainWriting(context.writeFile) })
    return 0
  } catch (error) {
    if (error instanceof NegativeAnswer) return 1
    if (error instanceof UsageError) {
      context.printError(`bud-sim ${verb}: ${error.message}\nusage: ${command.usage}`)
      return 2
    }
    if (isBudError(error)) {
      context.printError(`bud-sim ${verb}: ${error.message}`)
      return 1
    }
    throw error
  }
}
