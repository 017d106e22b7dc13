/** Says which hardware a model would fit. */
import type { HardwareProfile, ModelSpec } from '@bud-foundry/core'
import { vllm } from '../engine/vllm.ts'
import { listHardware } from '../hardware/hardware-registry.ts'
import { fitMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettings } from '../settings.ts'

/** The fewest devices of a kind that hold the model for requests of the given length, or undefined when 8 nodes do not. */
export function minimumDevices(model: ModelSpec, hardware: HardwareProfile, maxModelTokens: number): number | undefined {
  for (const pipeline of [1, 2, 4, 8])
    for (let tensor = 1; tensor <= hardware.devicesPerNode; tensor *= 2) {
      if (pipeline > 1 && tensor < hardware.devicesPerNode) continue
      const settings = resolveSettings({
        tensor,
        pipeline,
        weights: nativeWeights(model),
        maxSequences: 1,
        maxBatchedTokens: 2048,
        maxModelTokens,
      })
      if (vllm.refuse(model, settings, hardware) !== undefined) continue
      if (fitMemory({ model, hardware, settings, overhead: vllm.overhead(model, hardware) }).fits) return tensor * pipeline
    }
  return undefined
}

const worthSuggesting = ['l40s', 'a100-sxm-80gb', 'h100-sxm', 'h200-sxm', 'b200-sxm', 'mi300x']

/** Sentences such as `2 × h200-sxm (141 GB)`: first the kinds that were given, then common ones, five at most. */
export function suggestHardware(model: ModelSpec, given: readonly HardwareProfile[], maxModelTokens: number): readonly string[] {
  const common = listHardware().filter(({ id }) => worthSuggesting.includes(id) && given.every((hardware) => hardware.id !== id))
  return [...given, ...common]
    .flatMap((hardware) => {
      const count = minimumDevices(model, hardware, maxModelTokens)
      return count === undefined ? [] : [`${String(count)} × ${hardware.id} (${(hardware.memoryBytes / 1e9).toFixed(0)} GB each)`]
    })
    .slice(0, 5)
}
