/** Finds in the module names of a quantized checkpoint which parts of its layers keep their precision, or are stored in other bits. */
import type { QuantizationConfig } from './model-config.ts'
import type { Layer } from './model-layer.ts'
import type { AttentionSpec } from './model-spec.ts'

/** Weights that share one name in a layer: one of the aliases that families of models have for it. */
interface Part {
  readonly kind: 'attention' | 'dense'
  readonly aliases: readonly string[]
  readonly parameters: number
}

/** Mean stored bits of a weight; undefined where a model has no such part. */
export interface PartBits {
  readonly attention: number | undefined
  /** Dense feed-forward parts and shared experts. */
  readonly dense: number | undefined
}

const blocks = ['mlp', 'ffn', 'feed_forward', 'block_sparse_moe', 'mixer']
const under = (holders: readonly string[], names: readonly string[]) =>
  holders.flatMap((holder) => names.map((name) => `${holder}.${name}`))
const inputs = [...under(['self_attn', 'attn', 'mixer'], ['q_proj', 'q_a_proj', 'wq_a'])]
const outputs = under(['self_attn', 'attn', 'mixer'], ['o_proj', 'wo_b'])
const recurrentInputs = ['linear_attn.in_proj_qkv', 'linear_attn.in_proj_qkvz', 'mixer.in_proj', 'self_attn.q_proj']
const recurrentOutputs = ['linear_attn.out_proj', 'mixer.out_proj', 'self_attn.o_proj']
const dense = under(blocks, ['up_proj', 'gate_up_proj'])
const shared = under(
  blocks.flatMap((block) => [`${block}.shared_experts`, `${block}.shared_expert`]),
  ['up_proj', 'w1'],
)

/** The output projection apart from the rest, as checkpoints quantize one without the other. */
function attentionParts(attention: AttentionSpec, hiddenSize: number): readonly Part[] {
  if (attention.kind === 'none') return []
  const { parameters } = attention
  if (attention.kind === 'recurrent') {
    // Of a state-space layer's matrices, which come in at twice the width that goes out, a third is the output's.
    const output = parameters / 3
    return [
      { kind: 'attention', aliases: recurrentInputs, parameters: parameters - output },
      { kind: 'attention', aliases: recurrentOutputs, parameters: output },
    ]
  }
  const width = attention.heads * (attention.kind === 'grouped' ? attention.valueHeadDim : attention.valueDim)
  const output = Math.min(parameters, width * hiddenSize)
  return [
    { kind: 'attention', aliases: inputs, parameters: parameters - output },
    { kind: 'attention', aliases: outputs, parameters: output },
  ]
}

function partsOf({ attention, feedForward }: Layer, hiddenSize: number): readonly Part[] {
  const parts = attentionParts(attention, hiddenSize)
  if (feedForward.kind === 'none') return parts
  return [
    ...parts,
    feedForward.kind === 'dense'
      ? { kind: 'dense', aliases: dense, parameters: feedForward.parameters }
      : { kind: 'dense', aliases: [...shared, ...dense], parameters: feedForward.sharedParameters },
  ]
}

/** A name with `*` for anything, or a regular expression after `re:`; it holds for everything below the module that it names. */
function toPattern(name: string): RegExp | undefined {
  // Python's expressions that checkpoints contain mean the same here; one that does not compile excludes nothing known.
  if (name.startsWith('re:')) {
    try {
      return new RegExp(`^(?:${name.slice(3)})`)
    } catch {
      return undefined
    }
  }
  const source = name
    .split('*')
    .map((piece) => piece.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')
  return new RegExp(`(?:^|\\.)${source}(?:\\.|$)`)
}

const elsewhere = /vision|visual|audio|^mtp|projector/
const layerAt = /(?:^|\.)layers\.(\d+)[.*]/

/** Answers for a layer and a name in it whether the checkpoint keeps its precision. */
function readKept(names: readonly string[]): (layer: number, name: string) => boolean {
  const everywhere: RegExp[] = []
  const byLayer = new Map<number, RegExp[]>()
  for (const name of names) {
    if (elsewhere.test(name)) continue
    const layer = layerAt.exec(name)?.[1]
    // What stands before the layers differs from family to family.
    const pattern = toPattern(layer === undefined ? name : name.slice(name.indexOf('layers.')))
    if (pattern === undefined) continue
    if (layer === undefined) everywhere.push(pattern)
    else byLayer.set(Number(layer), [...(byLayer.get(Number(layer)) ?? []), pattern])
  }
  return (layer, name) => {
    const full = `model.layers.${String(layer)}.${name}`
    return [...(byLayer.get(layer) ?? []), ...everywhere].some((pattern) => pattern.test(full))
  }
}

/** Answers for a layer and a name in it which format a mixed checkpoint gives it. */
function readFormats(layers: NonNullable<QuantizationConfig['quantized_layers']>): (layer: number, name: string) => string | undefined {
  const formats = new Map<string, string>()
  const patterns: { readonly pattern: RegExp; readonly format: string }[] = []
  for (const [name, { quant_algo: format }] of Object.entries(layers)) {
    if (format == null || elsewhere.test(name)) continue
    const pattern = name.includes('*') ? toPattern(name) : undefined
    if (pattern !== undefined) patterns.push({ pattern, format })
    else if (name.includes('layers.')) formats.set(name.slice(name.indexOf('layers.')), format)
  }
  return (layer, name) => {
    const full = `layers.${String(layer)}.${name}`
    return formats.get(full) ?? patterns.find(({ pattern }) => pattern.test(full))?.format
  }
}

/** What each part is stored in. `bitsOf` knows the bits of a named format. */
export function readPartBits(options: {
  readonly config: QuantizationConfig
  readonly layers: readonly Layer[]
  readonly hiddenSize: number
  /** Of weights that are quantized, and of those that are not. */
  readonly bits: { readonly quantized: number; readonly kept: number }
  readonly bitsOf: (format: string) => number | undefined
}): PartBits {
  const { config, layers, hiddenSize, bits, bitsOf } = options
  const kept = readKept([...(config.ignore ?? []), ...(config.modules_to_not_convert ?? []), ...(config.exclude_modules ?? [])])
  const formats = config.quantized_layers == null ? undefined : readFormats(config.quantized_layers)
  // Beside the layers that a mixed checkpoint lists, the rest is in its own format: DeepSeek-V4's is fp8.
  const rest = config.quant_method == null ? bits.kept : (bitsOf(config.quant_method) ?? bits.kept)
  const bitsFor = (layer: number, { aliases }: Part): number => {
    if (formats === undefined && config.moe_quant_algo == null)
      return aliases.some((name) => kept(layer, name)) ? bits.kept : bits.quantized
    const format = aliases.map((name) => formats?.(layer, name)).find((found) => found !== undefined)
    return format === undefined ? rest : (bitsOf(format) ?? rest)
  }
  const sums = { attention: { parameters: 0, bits: 0 }, dense: { parameters: 0, bits: 0 } }
  for (const [index, layer] of layers.entries()) {
    for (const part of partsOf(layer, hiddenSize)) {
      sums[part.kind].parameters += part.parameters
      sums[part.kind].bits += part.parameters * bitsFor(index, part)
    }
  }
  // Rounded, so that a sum of equal bits gives those bits again.
  const mean = (sum: { parameters: number; bits: number }) =>
    sum.parameters === 0 ? undefined : Math.round((sum.bits / sum.parameters) * 1e9) / 1e9
  return { attention: mean(sums.attention), dense: mean(sums.dense) }
}
