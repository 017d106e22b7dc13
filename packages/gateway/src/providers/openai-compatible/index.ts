/** Engines and hosts that speak OpenAI's dialect, with presets for the known ones. */
import type { Prefill, Provider, Target } from '@bud-foundry/core'
import type { OpenaiQuirks } from '../../dialect/openai-chat/quirks.ts'
import { openaiEndpoint } from '../openai-endpoint.ts'
import { defineOpenaiFamily } from '../openai-family.ts'
import { providerErrors } from '../provider-errors.ts'
import {
  isPresetId,
  openaiCompatiblePresets,
  unknownCompatible,
  type OpenaiCompatiblePreset,
  type OpenaiCompatiblePresetId,
} from './preset.ts'

const reasoningByOption: Readonly<Record<string, OpenaiQuirks['reasoning']>> = {
  effort: 'reasoning_effort',
  thinking: 'thinking',
  openrouter: 'openrouter',
  'chat-template': 'chat-template',
  none: 'none',
}

/** The preset's quirks, with the option `reasoning` on top: engines and hosts serve models that think and models that do not. */
function withOptions(quirks: OpenaiQuirks, target: Target): OpenaiQuirks {
  const option = target.options['reasoning']
  if (option === undefined) return quirks
  const reasoning = reasoningByOption[option]
  if (reasoning === undefined) {
    const allowed = Object.keys(reasoningByOption).join(', ')
    throw providerErrors.TARGET_OPTION_INVALID({ targetId: target.id, option: 'reasoning', value: option, allowed })
  }
  return { ...quirks, reasoning }
}

function quirksOf(target: Target): OpenaiQuirks {
  const preset = target.options['preset']
  if (preset === undefined) return withOptions(unknownCompatible, target)
  if (!isPresetId(preset)) {
    const allowed = Object.keys(openaiCompatiblePresets).join(', ')
    throw providerErrors.TARGET_OPTION_INVALID({ targetId: target.id, option: 'preset', value: preset, allowed })
  }
  return withOptions(openaiCompatiblePresets[preset].quirks, target)
}

function prefillOf(presetId: string): Prefill | undefined {
  if (!isPresetId(presetId)) return undefined
  const preset: OpenaiCompatiblePreset = openaiCompatiblePresets[presetId]
  return preset.prefill
}

/** Options of a target: `preset` (a key of openaiCompatiblePresets), `reasoning`, `unsupported`. */
export const openaiCompatible: Provider = defineOpenaiFamily({
  id: 'openai-compatible',
  endpoint: openaiEndpoint,
  quirks: quirksOf,
  prefill: (target) => prefillOf(target.options['preset'] ?? ''),
})

/** The provider of one preset: the same, with its base URL and quirks. */
export const presetProvider = (id: OpenaiCompatiblePresetId): Provider =>
  defineOpenaiFamily({
    id,
    endpoint: openaiEndpoint,
    quirks: (target) => withOptions(openaiCompatiblePresets[id].quirks, target),
    defaultBaseUrl: openaiCompatiblePresets[id].baseUrl,
    prefill: () => prefillOf(id),
  })
