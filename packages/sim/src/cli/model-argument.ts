/** The model of a command line: a built-in name or the path of a config.json. */
import { type ModelSpec, parseModelConfig } from '@bud-foundry/core'
import { findModel } from '../model/model-registry.ts'
import { nameFromPath } from '../model/model-name.ts'
import { type CommandContext, UsageError } from './command.ts'

/** @throws UsageError when none is given or the file cannot be read; what parsing throws. */
export async function readModel(argument: string | undefined, modelId: string | undefined, context: CommandContext): Promise<ModelSpec> {
  if (argument === undefined) throw new UsageError('give a model: a Hugging Face id, or the path of a config.json')
  if (!argument.endsWith('.json')) return findModel(argument)
  let text: string
  try {
    text = await context.readFile(argument)
  } catch (error) {
    throw new UsageError(`cannot read ${argument}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return parseModelConfig(modelId ?? nameFromPath(argument), text)
}
