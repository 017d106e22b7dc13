/** The model of a command line: a built-in name, the path of a config.json, or the folder of a checkpoint. */
import { isBudError, type ModelSpec, parseModelConfig } from '@bud-foundry/core'
import { findModel } from '../model/model-registry.ts'
import { nameFromPath } from '../model/model-name.ts'
import { type CommandContext, UsageError } from './command.ts'

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const isAbsent = (error: unknown) => error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

async function readText(path: string, context: CommandContext): Promise<string> {
  try {
    return await context.readFile(path)
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** NVIDIA's ModelOpt says how a checkpoint is quantized in a file beside the configuration. */
async function readQuantizationBeside(path: string, context: CommandContext): Promise<string | undefined> {
  const beside = path.replace(/config\.json$/, 'hf_quant_config.json')
  if (beside === path || path.endsWith('hf_quant_config.json')) return undefined
  try {
    return await context.readFile(beside)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw new UsageError(`cannot read ${beside}: ${reasonOf(error)}`, { cause: error })
  }
}

async function readCheckpoint(path: string, modelId: string | undefined, context: CommandContext): Promise<ModelSpec> {
  const text = await readText(path, context)
  return parseModelConfig(modelId ?? nameFromPath(path), text, await readQuantizationBeside(path, context))
}

/** @throws UsageError when none is given or the file cannot be read; what parsing throws; SIM_MODEL_UNKNOWN for a name that is neither. */
export async function readModel(argument: string | undefined, modelId: string | undefined, context: CommandContext): Promise<ModelSpec> {
  if (argument === undefined) throw new UsageError('give a model: a Hugging Face id, the path of a config.json, or a folder with one')
  if (argument.endsWith('.json')) return readCheckpoint(argument, modelId, context)
  try {
    return findModel(argument)
  } catch (unknown) {
    const path = `${argument.replace(/[/\\]+$/, '')}/config.json`
    const exists = await context.readFile(path).then(
      () => true,
      (error: unknown) => !isAbsent(error),
    )
    if (!exists || !isBudError(unknown)) throw unknown
    return readCheckpoint(path, modelId, context)
  }
}
