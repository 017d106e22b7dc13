/** Counts the vision tower beside a language model: exactly where its published code is known, else by its blocks. */
import type { VisionConfig } from './model-config.ts'
import type { ModelSpec } from './model-spec.ts'

interface Tower {
  readonly layers: number
  readonly hidden: number
  readonly intermediate: number
  readonly patch: number
  readonly channels: number
  readonly textHidden: number
}

/** Attention and two linear layers with biases, and two layer norms. */
const blocks = ({ layers, hidden, intermediate }: Tower): number =>
  layers * (4 * (hidden * hidden + hidden) + 2 * hidden * intermediate + intermediate + hidden + 4 * hidden)

// From the modelling code of Hugging Face transformers 4.57 (Apache-2.0); the sums match the published checkpoints.
function siglip(tower: Tower, vision: VisionConfig): number {
  const { hidden, patch, channels, textHidden } = tower
  const positions = Math.floor((vision.image_size ?? 896) / patch) ** 2
  const embedding = channels * patch * patch * hidden + hidden + positions * hidden
  return embedding + blocks(tower) + 2 * hidden + hidden * textHidden + hidden
}

function llama4(tower: Tower, vision: VisionConfig): number {
  const { hidden, intermediate, patch, channels, textHidden } = tower
  const positions = Math.floor((vision.image_size ?? 336) / patch) ** 2 + 1
  const embedding = channels * patch * patch * hidden + hidden + positions * hidden + 4 * hidden
  const between = vision.projector_input_dim ?? 4096
  const output = vision.projector_output_dim ?? 4096
  return embedding + blocks(tower) + intermediate * between + between * output + output * textHidden
}

function qwen3(tower: Tower, vision: VisionConfig): number {
  const { hidden, patch, channels, textHidden } = tower
  const merged = hidden * (vision.spatial_merge_size ?? 2) ** 2
  const embedding = channels * (vision.temporal_patch_size ?? 2) * patch * patch * hidden + hidden
  const positions = (vision.num_position_embeddings ?? 2304) * hidden
  const mergerMatrices = merged * merged + merged + merged * textHidden + textHidden
  const deep = (vision.deepstack_visual_indexes ?? []).length * (mergerMatrices + 2 * merged)
  return embedding + positions + blocks(tower) + mergerMatrices + 2 * hidden + deep
}

const exact: Readonly<Record<string, (tower: Tower, vision: VisionConfig) => number>> = {
  siglip_vision_model: siglip,
  llama4_vision_model: llama4,
  qwen3_vl: qwen3,
  qwen3_vl_moe: qwen3,
}

/** Whether the tower's parameters are counted one by one. */
export const isVisionExact = (vision: VisionConfig): boolean => Object.hasOwn(exact, vision.model_type ?? '')

/** The tower, or undefined when the configuration does not say how large it is. */
export function readVision(vision: VisionConfig, textHidden: number): ModelSpec['vision'] {
  const layers = vision.depth ?? vision.num_hidden_layers ?? vision.vt_num_hidden_layers
  const hiddenSize = vision.hidden_size ?? vision.vt_hidden_size
  if (layers == null || hiddenSize == null) return undefined
  const tower: Tower = {
    layers,
    hidden: hiddenSize,
    intermediate: vision.intermediate_size ?? vision.vt_intermediate_size ?? 4 * hiddenSize,
    patch: vision.patch_size ?? 14,
    channels: vision.num_channels ?? vision.in_channels ?? 3,
    textHidden: vision.out_hidden_size ?? textHidden,
  }
  const count = isVisionExact(vision) ? exact[vision.model_type ?? ''] : undefined
  const roughly =
    tower.patch ** 2 * tower.channels * hiddenSize +
    layers * (4 * hiddenSize * hiddenSize + 2 * hiddenSize * tower.intermediate) +
    2 * hiddenSize * textHidden
  return { layers, hiddenSize, approximateParameters: count?.(tower, vision) ?? roughly }
}
