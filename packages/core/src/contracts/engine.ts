/** Describes one inference server: tunables, memory, launch. Pure. */
import type { LaunchSpec } from '../model/launch-spec.ts'
import type { ModelSpec } from '../model/model-spec.ts'
import type { HardwareProfile } from './hardware-profile.ts'

/** Bytes on one device. */
export interface MemoryBreakdown {
  readonly weightsBytes: number
  readonly kvCacheBytes: number
  readonly activationsBytes: number
  readonly overheadBytes: number
}

/** One inference server; `Settings` is what its tunables make up. */
export interface Engine<Settings extends object = object> {
  readonly contract: 'engine/1'
  readonly id: string
  readonly versions: readonly string[]
  tunables(
    model: ModelSpec,
    hardware: HardwareProfile,
  ): readonly { readonly name: string; readonly values: readonly (string | number | boolean)[] }[]
  memory(model: ModelSpec, settings: Settings, hardware: HardwareProfile): MemoryBreakdown
  launch(model: ModelSpec, settings: Settings, hardware: HardwareProfile): LaunchSpec
}
