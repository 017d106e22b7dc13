/** How long kernels and collectives take on a device, from measured curves where there are any and scaled ones elsewhere. */
import type { HardwareProfile, Precision } from '@bud-foundry/core'
import { findHardware } from '../hardware/hardware-registry.ts'
import { findNodeLink, linkedDevices } from '../hardware/node-links.ts'
import { findEfficiency } from './efficiency.ts'
import curveFile from './kernel-curves.json' with { type: 'json' }
import { idealSeconds, kernelGrids, messageAxis, slownessScale, type Axis, type DeviceCurves, type KernelKind } from './kernel-grid.ts'

export interface KernelTimes {
  /** Seconds of a kernel by work and size; the axes are those of `kernelGrids`. Never falls when either grows. */
  kernel(kind: KernelKind, precision: Precision, engineId?: string): (work: number, size: number) => number
  /** Seconds of a collective over so many devices for a message of so many bytes. */
  collective(operation: 'all-reduce' | 'all-gather' | 'all-to-all', devices: number, bytes: number): number
}

// The JSON is written by scripts/distil-kernels.ts in this shape; JSON imports know only the ids that happen to be in it.
const measured = curveFile.devices as Readonly<Record<string, DeviceCurves>>

/** The measured device whose kernels behave most like those of an architecture. */
const referenceOf: Readonly<Record<string, string>> = {
  ampere: 'a100-sxm-80gb',
  volta: 'a100-sxm-80gb',
  turing: 'l40s',
  ada: 'l40s',
  hopper: 'h100-sxm',
  blackwell: 'b200-sxm',
  'blackwell-ultra': 'b200-sxm',
  'blackwell-rtx': 'rtx-pro-6000-server',
}

/** Which table stands in for a precision that was not measured; the one it is asked for comes first. */
const standIns: Readonly<Record<Precision, readonly Precision[]>> = {
  bf16: ['bf16'],
  fp16: ['bf16'],
  tf32: ['bf16'],
  fp32: ['bf16'],
  fp8: ['fp8', 'bf16'],
  int8: ['fp8', 'bf16'],
  fp4: ['fp4', 'fp8', 'bf16'],
  int4: ['int4', 'bf16'],
}

/** Of a network card's rate, what collectives reach, and how far other servers are (NCCL over InfiniBand and RoCE). */
const networkShare = 0.8
const networkSeconds = 15e-6

interface Table {
  readonly work: Axis
  readonly size: Axis
  /** Binary logarithm of seconds, work after work for each size. */
  readonly log2Seconds: Float64Array
}

const pointOf = (axis: Axis, index: number) => 2 ** (axis.first + axis.step * index)

/** Raises each value to those before it on both axes, so that more work never takes less time. */
function makeMonotone(values: Float64Array, works: number): void {
  for (let index = 0; index < values.length; index += 1) {
    const before = index % works === 0 ? Number.NEGATIVE_INFINITY : (values[index - 1] ?? Number.NEGATIVE_INFINITY)
    const below = index < works ? Number.NEGATIVE_INFINITY : (values[index - works] ?? Number.NEGATIVE_INFINITY)
    values[index] = Math.max(values[index] ?? 0, before, below)
  }
}

/** Whether kernels of the device itself or of its architecture were measured; all others are scaled from another vendor's. */
export const hasMeasuredKernels = (hardware: HardwareProfile): boolean =>
  hardware.kind !== 'cpu' && (measured[hardware.id] !== undefined || referenceOf[hardware.generation] !== undefined)

interface FoundCurves {
  readonly curves: DeviceCurves
  readonly reference: HardwareProfile
  /** How much slower than its own datasheet the device is compared with the measured one. */
  readonly slower: number
}

/** The curves of the device itself, where it was measured, and those of the one that stands for its architecture. */
function findCurves(hardware: HardwareProfile): readonly FoundCurves[] {
  if (hardware.kind === 'cpu') return []
  const own = measured[hardware.id]
  const id = referenceOf[hardware.generation] ?? 'h100-sxm'
  const curves = id === hardware.id ? undefined : measured[id]
  const reference = findHardware(id)
  const known = referenceOf[hardware.generation] !== undefined
  const slower = known ? 1 : findEfficiency(reference).matrix / findEfficiency(hardware).matrix
  return [
    ...(own === undefined ? [] : [{ curves: own, reference: findHardware(hardware.id), slower: 1 }]),
    ...(curves === undefined ? [] : [{ curves, reference, slower }]),
  ]
}

interface FoundTable extends FoundCurves {
  readonly standIn: Precision
  readonly slowness: readonly number[]
}

/** The nearest measurement: in this precision, of this engine, on this device; what is given up first is the device. */
function findTable(
  hardware: HardwareProfile,
  kind: KernelKind,
  precision: Precision,
  engineId: string | undefined,
): FoundTable | undefined {
  const candidates = findCurves(hardware)
  for (const standIn of standIns[precision])
    for (const name of [...(engineId === undefined ? [] : [`${engineId}:${kind}/${standIn}`]), `${kind}/${standIn}`])
      for (const found of candidates) {
        const slowness = found.curves.kernels[name]
        if (slowness !== undefined) return { ...found, standIn, slowness }
      }
  return undefined
}

function createTable(hardware: HardwareProfile, kind: KernelKind, precision: Precision, engineId: string | undefined): Table {
  const { work, size } = kernelGrids[kind]
  const found = findTable(hardware, kind, precision, engineId)
  const values = new Float64Array(work.points * size.points)
  const flat = 1 / Math.min(findEfficiency(hardware).matrix, findEfficiency(hardware).stream)
  const referenceSeconds = (index: number) => {
    if (found === undefined) return 0
    const at = { kind, work: pointOf(work, index % work.points), size: pointOf(size, Math.floor(index / work.points)) }
    return (
      idealSeconds({ ...at, precision: found.standIn, hardware: found.reference }) * 2 ** ((found.slowness[index] ?? 0) / slownessScale)
    )
  }
  const floor = Math.min(...Array.from(values, (_, index) => referenceSeconds(index)))
  for (let index = 0; index < values.length; index += 1) {
    const at = { kind, work: pointOf(work, index % work.points), size: pointOf(size, Math.floor(index / work.points)) }
    const ideal = idealSeconds({ ...at, precision, hardware })
    if (found === undefined) {
      values[index] = Math.log2(ideal * flat)
      continue
    }
    // Starting a kernel takes as long on either device; what is left scales with the datasheets.
    const ratio = (ideal / idealSeconds({ ...at, precision: found.standIn, hardware: found.reference })) * found.slower
    const own = found.reference.id === hardware.id && found.standIn === precision && ratio === 1
    const seconds = referenceSeconds(index)
    values[index] = Math.log2(own ? seconds : floor + (seconds - floor) * ratio)
  }
  makeMonotone(values, work.points)
  return { work, size, log2Seconds: values }
}

/** Between points the logarithms are interpolated; beyond the last, time grows with work and size. */
function lookUp(table: Table, work: number, size: number): number {
  const { work: works, size: sizes, log2Seconds } = table
  const x = (Math.log2(work) - works.first) / works.step
  const y = (Math.log2(size) - sizes.first) / sizes.step
  const column = Math.min(Math.max(x, 0), works.points - 1)
  const row = Math.min(Math.max(y, 0), sizes.points - 1)
  const beyond = Math.max(0, x - column) * works.step + Math.max(0, y - row) * sizes.step
  const left = Math.min(Math.floor(column), works.points - 2)
  const top = Math.min(Math.floor(row), sizes.points - 2)
  const at = top * works.points + left
  const dx = column - left
  const dy = row - top
  const upper = (log2Seconds[at] ?? 0) * (1 - dx) + (log2Seconds[at + 1] ?? 0) * dx
  const lower = (log2Seconds[at + works.points] ?? 0) * (1 - dx) + (log2Seconds[at + works.points + 1] ?? 0) * dx
  return 2 ** (upper * (1 - dy) + lower * dy + beyond)
}

/** Seconds of a message in a measured list, interpolated, for devices whose links are `slower` times as slow as the measured ones. */
function messageSeconds(list: readonly number[], bytes: number, slower: number): number {
  const x = Math.max(0, Math.log2(Math.max(bytes, 1)) - messageAxis.first)
  const column = Math.min(x, messageAxis.points - 1)
  const left = Math.min(Math.floor(column), messageAxis.points - 2)
  const between = (list[left] ?? 0) * (1 - column + left) + (list[left + 1] ?? 0) * (column - left)
  const floor = list[0] ?? 0
  return (floor + (between * 2 ** (x - column) - floor) * slower) / 1e9
}

function createCollective(hardware: HardwareProfile): KernelTimes['collective'] {
  const [found] = findCurves(hardware)
  const link = hardware.link
  const referenceLink = found?.reference.link
  const slower =
    link === undefined || referenceLink === undefined ? 1 : referenceLink.bandwidthBytesPerSecond / link.bandwidthBytesPerSecond
  const inside = (operation: string, devices: number, bytes: number): number => {
    const measuredDevices = devices <= 2 ? 2 : devices <= 4 ? 4 : 8
    const list = found?.curves.collectives[`${operation}/${String(measuredDevices)}`]
    if (list !== undefined) {
      // Rings and switches move (n − 1)/n of the data; a larger group also waits for more partners.
      const share = (devices - 1) / devices / ((measuredDevices - 1) / measuredDevices)
      return messageSeconds(list, bytes, Math.max(slower, 0.25)) * share + Math.max(0, Math.log2(devices / measuredDevices)) * 2e-6
    }
    const rate = (link?.bandwidthBytesPerSecond ?? 1) * findEfficiency(hardware).link
    return (link?.latencySeconds ?? 0) + ((operation === 'all-reduce' ? 2 : 1) * (devices - 1) * bytes) / devices / rate
  }
  const linked = linkedDevices(hardware)
  const networkBytesPerSecond = findNodeLink(hardware).bandwidthBytesPerSecond * networkShare
  return (operation, devices, bytes) => {
    if (devices <= 1) return 0
    const local = Math.min(devices, linked)
    const nodes = Math.ceil(devices / linked)
    const far =
      nodes === 1
        ? 0
        : networkSeconds + ((operation === 'all-reduce' ? 2 : 1) * ((nodes - 1) / nodes) * bytes) / local / networkBytesPerSecond
    return (local > 1 ? inside(operation, local, bytes) : 0) + far
  }
}

const known = new WeakMap<HardwareProfile, KernelTimes>()

/** The kernel times of a device; tables are made when first needed and kept as long as the profile. */
export function findKernelTimes(hardware: HardwareProfile): KernelTimes {
  const found = known.get(hardware)
  if (found !== undefined) return found
  const tables = new Map<string, Table>()
  const created: KernelTimes = {
    kernel: (kind, precision, engineId) => {
      const name = `${engineId ?? ''}:${kind}/${precision}`
      const table = tables.get(name) ?? createTable(hardware, kind, precision, engineId)
      tables.set(name, table)
      return (work, size) => (work <= 0 || size <= 0 ? 0 : lookUp(table, work, size))
    },
    collective: createCollective(hardware),
  }
  known.set(hardware, created)
  return created
}
