/** Numbers of one device, each with its source. */

export type Precision = 'fp32' | 'tf32' | 'bf16' | 'fp16' | 'fp8' | 'int8' | 'fp4' | 'int4'

export interface HardwareProfile {
  readonly id: string
  readonly name: string
  readonly vendor: string
  readonly kind: 'gpu' | 'hpu' | 'tpu' | 'npu' | 'cpu'
  /** Architecture name that efficiencies are looked up by, e.g. `hopper`. */
  readonly generation: string
  /** In the usual server; a tensor-parallel group larger than this crosses nodes. */
  readonly devicesPerNode: number
  readonly memoryBytes: number
  readonly memoryBandwidthBytesPerSecond: number
  /** Dense peak, without sparsity. */
  readonly flopsPerSecond: Readonly<Partial<Record<Precision, number>>>
  /** Between devices of one node. */
  readonly link: { readonly kind: string; readonly bandwidthBytesPerSecond: number; readonly latencySeconds: number } | undefined
  readonly powerWatts?: number | undefined
  /** Where each number comes from, and when it was read. */
  readonly source: string
}
