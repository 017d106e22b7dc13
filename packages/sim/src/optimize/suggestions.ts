/** Says which hardware a model would fit. */
import type { HardwareProfile, ModelSpec, Precision } from '@bud-foundry/core'
import { refuseAnywhere } from '../engine/engine-limits.ts'
import { vllm } from '../engine/vllm.ts'
import { listHardware } from '../hardware/hardware-registry.ts'
import { fitMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettings } from '../settings.ts'

/** The fewest devices of a kind that hold the model for requests of the given length, in its own precision; undefined when 8 nodes do not. */
export const minimumDevices = (model: ModelSpec, hardware: HardwareProfile, maxModelTokens: number): number | undefined =>
  minimumDevicesIn(nativeWeights(model), model, hardware, maxModelTokens)

function minimumDevicesIn(weights: Precision, model: ModelSpec, hardware: HardwareProfile, maxModelTokens: number): number | undefined {
  // Checkpoints in 4 bits have to exist; whether one does is not asked here.
  const refuse = weights === 'int4' ? refuseAnywhere : vllm.refuse
  for (const pipeline of [1, 2, 4, 8])
    for (let tensor = 1; tensor <= hardware.devicesPerNode; tensor *= 2) {
      if (pipeline > 1 && tensor < hardware.devicesPerNode) continue
      const settings = resolveSettings({
        tensor,
        pipeline,
        weights,
        maxSequences: 1,
        maxBatchedTokens: 2048,
        maxModelTokens,
      })
      if (refuse(model, settings, hardware) !== undefined) continue
      if (fitMemory({ model, hardware, settings, overhead: vllm.overhead(model, hardware) }).fits) return tensor * pipeline
    }
  return undefined
}

const worthSuggesting = ['l40s', 'a100-sxm-80gb', 'h100-sxm', 'h200-sxm', 'b200-sxm', 'mi300x']

/** Fewer devices in narrower weights, as `, 4 in 8 bits, 2 from a 4-bit checkpoint (AWQ, GPTQ)`. */
function describeNarrower(model: ModelSpec, hardware: HardwareProfile, maxModelTokens: number, native: number | undefined): string {
  if (model.quantization !== undefined) return ''
  const words: string[] = []
  let least = native ?? Infinity
  for (const [weights, text] of [
    ['fp8', 'in 8 bits'],
    ['int4', 'from a 4-bit checkpoint of it (AWQ, GPTQ)'],
  ] as const) {
    const count = minimumDevicesIn(weights, model, hardware, maxModelTokens)
    if (count === undefined || count >= least) continue
    words.push(`${String(count)} ${text}`)
    least = count
  }
  return words.join(', ')
}

/** Sentences such as `2 × h200-sxm (141 GB each)`: first the kinds that were given, then common ones, five at most. */
export function suggestHardware(model: ModelSpec, given: readonly HardwareProfile[], maxModelTokens: number): readonly string[] {
  const common = listHardware().filter(({ id }) => worthSuggesting.includes(id) && given.every((hardware) => hardware.id !== id))
  return [...given, ...common]
    .flatMap((hardware) => {
      const count = minimumDevices(model, hardware, maxModelTokens)
      const narrower = describeNarrower(model, hardware, maxModelTokens, count)
      if (count === undefined && narrower === '') return []
      const size = `${hardware.id} (${(hardware.memoryBytes / 1e9).toFixed(0)} GB each`
      return [count === undefined ? `${size}): ${narrower}` : `${String(count)} × ${size}${narrower === '' ? '' : `; ${narrower}`})`]
    })
    .slice(0, 5)
}
