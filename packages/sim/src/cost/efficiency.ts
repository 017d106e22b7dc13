/** Which share of its datasheet a device reaches, by architecture and kind of work. */
import type { HardwareProfile } from '@bud-foundry/core'

export interface Efficiency {
  /** Large matrix products in 16 bits and above, share of the dense peak. */
  readonly matrix: number
  /** The same in 8 and 4 bits. */
  readonly matrixNarrow: number
  /** Streaming weights, share of the memory bandwidth. */
  readonly stream: number
  /** Reading the cache while decoding. */
  readonly cacheRead: number
  /** Attention of a prompt, share of the 16-bit peak. */
  readonly promptAttention: number
  /** All-reduce, share of the link's one-way bandwidth. */
  readonly link: number
  /** Seconds that each layer adds to a step beyond its arithmetic: small kernels, norms, launches inside captured graphs. */
  readonly layerSeconds: number
}

const hopper: Efficiency = {
  matrix: 0.74,
  matrixNarrow: 0.56,
  stream: 0.81,
  cacheRead: 0.72,
  promptAttention: 0.55,
  link: 0.75,
  layerSeconds: 3.3e-6,
}
const ampere: Efficiency = {
  matrix: 0.8,
  matrixNarrow: 0.6,
  stream: 0.73,
  cacheRead: 0.62,
  promptAttention: 0.52,
  link: 0.7,
  layerSeconds: 5e-6,
}
const blackwell: Efficiency = {
  matrix: 0.64,
  matrixNarrow: 0.48,
  stream: 0.7,
  cacheRead: 0.7,
  promptAttention: 0.5,
  link: 0.7,
  layerSeconds: 3.3e-6,
}
const ada: Efficiency = {
  matrix: 0.58,
  matrixNarrow: 0.5,
  stream: 0.81,
  cacheRead: 0.7,
  promptAttention: 0.45,
  link: 0.2,
  layerSeconds: 4e-6,
}
const cdna: Efficiency = {
  matrix: 0.5,
  matrixNarrow: 0.42,
  stream: 0.65,
  cacheRead: 0.55,
  promptAttention: 0.35,
  link: 0.6,
  layerSeconds: 14e-6,
}
const processor: Efficiency = {
  matrix: 0.35,
  matrixNarrow: 0.35,
  stream: 0.65,
  cacheRead: 0.55,
  promptAttention: 0.2,
  link: 0.5,
  layerSeconds: 60e-6,
}

// NVIDIA: medians of AIConfigurator's measured kernel tables (Apache-2.0), e.g. bf16 products with 2048 rows and more reach
// 78–90 % on A100, 74–81 % on H100, 62–66 % on B200; weight streaming 71–75, 80–84 and 68–73 %; NCCL on 8 devices 445 of 450 GB/s
// bus bandwidth on H100 for large messages, far less for those of a decode step. AMD: largest achieved matrix rate 668 of
// 1307 TFLOPS on MI300X (stas00, ml-engineering). Processors and the rest: conservative, docs/accuracy.md says what was measured.
const byGeneration: Readonly<Record<string, Efficiency>> = {
  hopper,
  ampere,
  blackwell,
  'blackwell-ultra': blackwell,
  'blackwell-rtx': { ...ada, stream: 0.81, layerSeconds: 4e-6 },
  ada,
  turing: { ...ada, matrix: 0.5, layerSeconds: 25e-6 },
  volta: { ...ampere, matrix: 0.7, layerSeconds: 25e-6 },
  cdna2: { ...cdna, matrix: 0.45 },
  cdna3: cdna,
  cdna4: cdna,
  gaudi2: { ...cdna, matrix: 0.6, layerSeconds: 30e-6 },
  // Rates of `bud-sim hardware probe` are what was reached.
  probed: { ...processor, matrix: 1, matrixNarrow: 1, stream: 1, cacheRead: 0.85, promptAttention: 0.5 },
  gaudi3: { ...cdna, matrix: 0.55, layerSeconds: 30e-6 },
}

const unknownAccelerator: Efficiency = { ...cdna, layerSeconds: 30e-6 }

/** The efficiencies of a device; those of an architecture that nobody measured here are cautious. */
export function findEfficiency(hardware: HardwareProfile): Efficiency {
  return byGeneration[hardware.generation] ?? (hardware.kind === 'cpu' ? processor : unknownAccelerator)
}
