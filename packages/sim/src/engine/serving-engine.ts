/** What sim needs of an engine beyond core's contract: its timing, overhead and what it can run. */
import type { Engine, HardwareProfile, ModelSpec } from '@bud-foundry/core'
import type { EngineTiming } from '../cost/engine-timing.ts'
import type { EngineOverhead } from '../memory/fit.ts'
import type { OpenSettings, ServingSettings } from '../settings.ts'
import { engineVersionNumber } from './engine-version.ts'

export interface ServingEngine extends Engine<OpenSettings> {
  readonly name: string
  /** The engine whose measurements stand in for those of one that nobody measured here. */
  readonly predictedAs?: 'vllm'
  /** No measurement of it was used: its intervals are wider. */
  readonly unmeasured?: true
  /** Whether it loads the model's own repository, or a GGUF conversion that somebody has to have published. */
  readonly checkpoint: 'own' | 'gguf'
  /** The version whose image and arguments `launch` writes for this device. */
  versionFor(hardware: HardwareProfile): string
  /** Of the newest version. */
  readonly timing: EngineTiming
  /** Versions before `below` ("major.minor" as in `engineVersionNumber`) that are timed otherwise. */
  readonly olderTiming?: { readonly below: number; readonly timing: EngineTiming }
  /** Whether a request only starts when the cache has room for its whole answer; others start it and may have to put it back. */
  readonly reservesAnswers?: boolean
  overhead(model: ModelSpec, hardware: HardwareProfile): EngineOverhead
  /** Why the engine cannot serve this, as a sentence; undefined when it can. */
  refuse(model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): string | undefined
  /** Further arguments of a replica that only computes prompts, or only goes on with them; absent where a launch cannot say so. */
  readonly disaggregate?: (role: 'prefill' | 'decode') => Readonly<Record<string, string | number | boolean>>
  /** The engine's own names for its settings, for plans and people. */
  argumentsOf(model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): Readonly<Record<string, string | number | boolean>>
}

/** The timing of a version; of the newest when it is not known. */
export function timingOf(engine: ServingEngine, version: string | undefined): EngineTiming {
  const { olderTiming } = engine
  return olderTiming !== undefined && engineVersionNumber(version) < olderTiming.below ? olderTiming.timing : engine.timing
}
