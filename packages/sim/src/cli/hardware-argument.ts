/** The hardware of a command line: a built-in id or the path of a profile. */
import { findHardware, type HardwareDescription } from '../hardware/hardware-registry.ts'
import { parseHardware } from '../hardware/own-hardware.ts'
import { type CommandContext, UsageError } from './command.ts'

/** @throws UsageError when a file cannot be read or is no JSON; what `findHardware` and `parseHardware` throw. */
export async function readHardware(argument: string, context: CommandContext): Promise<HardwareDescription> {
  if (!argument.endsWith('.json')) return findHardware(argument)
  let value: unknown
  try {
    value = JSON.parse(await context.readFile(argument))
  } catch (error) {
    throw new UsageError(`cannot read ${argument}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return parseHardware(value)
}
