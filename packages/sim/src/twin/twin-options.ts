/** The options of an engine twin and their defaults: Llama-3.1-8B on one H100 under vLLM. */
import { type Clock, createSeededRandom, type ModelSpec, type Random, systemClock } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { findHardware, type HardwareDescription } from '../hardware/hardware-registry.ts'
import { findModel } from '../model/model-registry.ts'
import { suggestHardware } from '../optimize/suggestions.ts'
import { prepareReplica, type PreparedReplica } from '../predict/replica-estimate.ts'
import { resolveSettingsFor, type ServingSettingsInput } from '../settings.ts'
import type { FaultRates } from './fault.ts'

export interface EngineTwinOptions {
  /** A built-in model's id, or a ModelSpec. Default `meta-llama/Llama-3.1-8B-Instruct`. */
  readonly model?: string | ModelSpec | undefined
  /** Names that requests may use; default the model's id. */
  readonly servedModelNames?: readonly string[] | undefined
  /** Default `h100-sxm`. */
  readonly hardware?: string | undefined
  /** Default `vllm`. */
  readonly engine?: string | undefined
  /** Default: the model's own precision and its context, at most 32,768 tokens. */
  readonly settings?: ServingSettingsInput | undefined
  /** Real time is simulated time times this. Default 1; 0 answers as fast as it can. */
  readonly timeScale?: number | undefined
  /** Of texts and faults. Default 1. */
  readonly seed?: number | undefined
  readonly faults?: FaultRates | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

export interface ResolvedTwin {
  readonly model: ModelSpec
  readonly hardware: HardwareDescription
  readonly replica: PreparedReplica
  readonly servedModelNames: readonly string[]
  readonly timeScale: number
  readonly seed: number
  readonly faults: FaultRates
  readonly clock: Clock
  readonly random: Random
}

/** @throws SIM_MODEL_UNKNOWN, SIM_HARDWARE_UNKNOWN, SIM_ENGINE_UNKNOWN, SIM_REQUEST_INVALID, SIM_MODEL_DOES_NOT_FIT saying what would. */
export function resolveTwinOptions(options: EngineTwinOptions): ResolvedTwin {
  const model = typeof options.model === 'object' ? options.model : findModel(options.model ?? 'meta-llama/Llama-3.1-8B-Instruct')
  const hardware = findHardware(options.hardware ?? 'h100-sxm')
  const settings = resolveSettingsFor(model, {
    maxModelTokens: Math.min(model.contextLength, 32_768),
    ...options.settings,
  })
  const timeScale = options.timeScale ?? 1
  if (!(timeScale >= 0 && timeScale <= 1000))
    throw simErrors.REQUEST_INVALID({
      what: 'the twin options',
      issues: [{ path: 'timeScale', message: `is ${String(timeScale)}`, fix: 'use 0 to 1000' }],
    })
  const replica = prepareReplica({ model, hardware, engineId: options.engine ?? 'vllm', settings })
  const refused = replica.engine.refuse(model, settings, hardware)
  if (refused !== undefined) throw simErrors.PREDICTION_UNSUPPORTED({ reason: refused })
  if (!replica.fit.fits)
    throw simErrors.MODEL_DOES_NOT_FIT({
      model: model.id,
      reason: `${(replica.fit.weightsBytes / 1e9).toFixed(1)} GB of weights on each device of ${(hardware.memoryBytes / 1e9).toFixed(1)} GB`,
      suggestions: suggestHardware(model, [hardware], settings.maxModelTokens),
    })
  const seed = options.seed ?? 1
  return {
    model,
    hardware,
    replica,
    servedModelNames:
      options.servedModelNames === undefined || options.servedModelNames.length === 0 ? [model.id] : options.servedModelNames,
    timeScale,
    seed,
    faults: options.faults ?? {},
    clock: options.clock ?? systemClock,
    random: options.random ?? createSeededRandom(seed),
  }
}
