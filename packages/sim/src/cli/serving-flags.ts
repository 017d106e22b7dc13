/** The flags that describe how a model is served. */
import { type ModelSpec, precisionSchema } from '@bud-foundry/core'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettings, type ServingSettings } from '../settings.ts'
import { toNumber, UsageError } from './command.ts'

export const servingFlags = {
  hardware: { type: 'string', default: 'h100-sxm' },
  engine: { type: 'string', default: 'vllm' },
  'model-id': { type: 'string' },
  tp: { type: 'string' },
  pp: { type: 'string' },
  dp: { type: 'string' },
  ep: { type: 'string' },
  precision: { type: 'string' },
  'kv-precision': { type: 'string' },
  'max-model-len': { type: 'string' },
  'max-num-seqs': { type: 'string' },
  'max-num-batched-tokens': { type: 'string' },
  'memory-utilization': { type: 'string' },
} as const

export const servingUsage =
  '[--hardware h100-sxm] [--engine vllm] [--tp N] [--pp N] [--dp N] [--ep N] [--precision bf16|fp8|…] [--kv-precision bf16|fp8] [--max-model-len N] [--max-num-seqs N] [--max-num-batched-tokens N] [--memory-utilization 0.9]'

type Values = Readonly<Partial<Record<keyof typeof servingFlags, string>>>

function toPrecision(flag: string, text: string | undefined) {
  if (text === undefined) return undefined
  const parsed = precisionSchema.safeParse(text)
  if (!parsed.success) throw new UsageError(`--${flag} is '${text}'; use one of ${precisionSchema.options.join(', ')}`)
  return parsed.data
}

/** Only what was given; the rest takes its default. */
export function toSettings(model: ModelSpec, values: Values, maxModelTokens: number): ServingSettings {
  const whole = { min: 1, whole: true }
  const given = {
    tensor: toNumber('tp', values.tp, whole),
    pipeline: toNumber('pp', values.pp, whole),
    data: toNumber('dp', values.dp, whole),
    expert: toNumber('ep', values.ep, whole),
    maxSequences: toNumber('max-num-seqs', values['max-num-seqs'], whole),
    maxBatchedTokens: toNumber('max-num-batched-tokens', values['max-num-batched-tokens'], whole),
    memoryUtilization: toNumber('memory-utilization', values['memory-utilization'], { min: 0.05, max: 0.99 }),
    kvCache: toPrecision('kv-precision', values['kv-precision']),
  }
  return resolveSettings({
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    weights: toPrecision('precision', values.precision) ?? nativeWeights(model),
    maxModelTokens: toNumber('max-model-len', values['max-model-len'], whole) ?? Math.min(model.contextLength, maxModelTokens),
  })
}
