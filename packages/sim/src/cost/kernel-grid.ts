/** The axes on which kernel times are kept, and the time that the datasheet alone would allow at each point. */
import type { HardwareProfile, Precision } from '@bud-foundry/core'
import { bytesOf, resolveComputePrecision } from '../memory/precision.ts'

/** What was measured. The first axis is the work of one step, the second the size of what it meets. */
export const kernelKinds = ['gemm', 'experts', 'prompt', 'decode', 'latent-prompt', 'latent-decode'] as const
export type KernelKind = (typeof kernelKinds)[number]

/** Points at powers of two from 2^first on, `step` powers apart. */
export interface Axis {
  readonly first: number
  readonly step: number
  readonly points: number
}

export interface KernelGrid {
  readonly work: Axis
  readonly size: Axis
}

/**
 * - gemm: rows × weights of the matrix.
 * - experts: tokens for each expert × weights of all experts on the device.
 * - prompt, latent-prompt: tokens of one prompt × prompts times query heads.
 * - decode: tokens in the cache × sequences times key-value heads; latent-decode: × sequences, measured with 16 heads.
 */
export const kernelGrids: Readonly<Record<KernelKind, KernelGrid>> = {
  gemm: { work: { first: 0, step: 1, points: 15 }, size: { first: 16, step: 2, points: 9 } },
  experts: { work: { first: -8, step: 1, points: 19 }, size: { first: 20, step: 1, points: 15 } },
  prompt: { work: { first: 4, step: 1, points: 11 }, size: { first: 0, step: 2, points: 6 } },
  decode: { work: { first: 4, step: 1, points: 14 }, size: { first: 0, step: 2, points: 6 } },
  'latent-prompt': { work: { first: 4, step: 1, points: 11 }, size: { first: 2, step: 2, points: 6 } },
  'latent-decode': { work: { first: 4, step: 1, points: 14 }, size: { first: 0, step: 2, points: 5 } },
}

/** Shapes that attention was measured with: values of a head, and those of latent attention (DeepSeek-V3's). */
export const referenceHeadDim = 128
export const latentPromptValues = 192 + 128
export const latentCacheValues = 576

/** Bits of a stored weight, with the scales of 4-bit blocks. */
export const weightBytes = (precision: Precision): number => (precision === 'fp4' || precision === 'int4' ? 4.5 / 8 : bytesOf(precision))

/** Seconds at the datasheet's rates: the larger of computing and of moving the weights or the cache. */
export function idealSeconds(point: {
  readonly kind: KernelKind
  readonly precision: Precision
  readonly hardware: HardwareProfile
  readonly work: number
  readonly size: number
}): number {
  const { kind, precision, hardware, work, size } = point
  const rate = hardware.flopsPerSecond[resolveComputePrecision(kind === 'gemm' || kind === 'experts' ? precision : 'bf16', hardware)] ?? 1
  const bandwidth = hardware.memoryBandwidthBytesPerSecond
  switch (kind) {
    case 'gemm':
      return Math.max((2 * work * size) / rate, (size * weightBytes(precision)) / bandwidth)
    case 'experts':
      return Math.max((2 * work * size) / rate, (size * (1 - Math.exp(-work)) * weightBytes(precision)) / bandwidth)
    case 'prompt':
      return (2 * work * work * referenceHeadDim * size) / rate
    case 'decode':
      return (2 * work * size * referenceHeadDim * bytesOf(precision)) / bandwidth
    case 'latent-prompt':
      return (latentPromptValues * work * work * size) / rate
    case 'latent-decode':
      return (latentCacheValues * work * size * bytesOf(precision)) / bandwidth
  }
}

/** Tables of one device: how many times the ideal a kernel takes, in sixteenths of a power of two, work after work for each size. */
export interface DeviceCurves {
  /** By `kind/precision`, or by `engine:kind/precision` where engines were measured apart. */
  readonly kernels: Readonly<Record<string, readonly number[]>>
  /** Nanoseconds by `operation/devices`, for messages of 2^`messageAxis.first` bytes and on. */
  readonly collectives: Readonly<Record<string, readonly number[]>>
}

export const messageAxis: Axis = { first: 8, step: 1, points: 23 }
export const slownessScale = 16
