/** The flags that describe how a model is served. */
import { type ModelSpec, precisionSchema } from '@bud-foundry/core'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettings, speculativeSchema, type ServingSettings, type Speculative } from '../settings.ts'
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
  'block-size': { type: 'string' },
  'no-prefix-caching': { type: 'boolean' },
  'no-chunked-prefill': { type: 'boolean' },
  speculative: { type: 'string' },
  'speculative-tokens': { type: 'string' },
  acceptance: { type: 'string' },
  'draft-model': { type: 'string' },
  'expert-variation': { type: 'string' },
  'lora-adapters': { type: 'string' },
  'lora-rank': { type: 'string' },
} as const

export const servingUsage =
  '[--hardware h100-sxm] [--engine vllm] [--tp N] [--pp N] [--dp N] [--ep N] [--precision bf16|fp8|…] [--kv-precision bf16|fp8] [--max-model-len N] [--max-num-seqs N] [--max-num-batched-tokens N] [--memory-utilization 0.9] [--block-size 16] [--no-prefix-caching] [--no-chunked-prefill] [--speculative mtp|eagle|draft-model|ngram [--speculative-tokens 3] [--acceptance 0.7] [--draft-model id]] [--expert-variation 0] [--lora-adapters N --lora-rank N]'

type Switch = 'no-prefix-caching' | 'no-chunked-prefill'
type Values = Readonly<Partial<Record<Exclude<keyof typeof servingFlags, Switch>, string>>> & Readonly<Partial<Record<Switch, boolean>>>

const methods = speculativeSchema.shape.method.options

/** @throws UsageError for a method that is not known, or a detail without one. */
export function toSpeculative(
  values: Pick<Values, 'speculative' | 'speculative-tokens' | 'acceptance' | 'draft-model'>,
): Speculative | undefined {
  const method = methods.find((known) => known === values.speculative)
  if (method === undefined) {
    if (values.speculative === undefined) return undefined
    throw new UsageError(`--speculative is '${values.speculative}'; use one of ${methods.join(', ')}`)
  }
  const acceptance = toNumber('acceptance', values.acceptance, { min: 0, max: 0.999 })
  return {
    method,
    tokens: toNumber('speculative-tokens', values['speculative-tokens'], { min: 1, max: 16, whole: true }) ?? (method === 'mtp' ? 1 : 3),
    ...(acceptance === undefined ? {} : { acceptance }),
    ...(values['draft-model'] === undefined ? {} : { draftModel: values['draft-model'] }),
  }
}

/** Adapters with a rank, where either is given. */
export function toLora(values: Pick<Values, 'lora-adapters' | 'lora-rank'>): ServingSettings['lora'] {
  const adapters = toNumber('lora-adapters', values['lora-adapters'], { min: 1, whole: true })
  const rank = toNumber('lora-rank', values['lora-rank'], { min: 1, whole: true })
  return adapters === undefined && rank === undefined ? undefined : { adapters: adapters ?? 1, rank: rank ?? 16 }
}

function toPrecision(flag: string, text: string | undefined) {
  if (text === undefined) return undefined
  const parsed = precisionSchema.safeParse(text)
  if (!parsed.success) throw new UsageError(`--${flag} is '${text}'; use one of ${precisionSchema.options.join(', ')}`)
  return parsed.data
}

/** @throws UsageError when the model has no context of so many tokens: engines refuse to start. */
export function checkContext(model: ModelSpec, tokens: number, what: string): void {
  if (tokens > model.contextLength) throw new UsageError(`${what}, more than the context of ${model.id}, ${String(model.contextLength)}`)
}

/** Only what was given; the rest takes its default. @throws UsageError for what the model cannot have. */
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
    blockTokens: toNumber('block-size', values['block-size'], whole),
    prefixCaching: values['no-prefix-caching'] === true ? false : undefined,
    chunkedPrefill: values['no-chunked-prefill'] === true ? false : undefined,
    speculative: toSpeculative(values),
    expertVariation: toNumber('expert-variation', values['expert-variation'], { min: 0, max: 10 }),
    lora: toLora(values),
  }
  if ((given.expert ?? 1) > 1 && model.layerGroups.every(({ feedForward }) => feedForward.kind !== 'experts'))
    throw new UsageError(`--ep spreads experts, and ${model.id} has none`)
  const longest = toNumber('max-model-len', values['max-model-len'], whole)
  if (longest !== undefined) checkContext(model, longest, `--max-model-len is ${String(longest)}`)
  return resolveSettings({
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    weights: toPrecision('precision', values.precision) ?? nativeWeights(model),
    maxModelTokens: longest ?? Math.min(model.contextLength, maxModelTokens),
  })
}
