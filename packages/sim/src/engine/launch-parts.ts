/** Parts of launching that engines share. */
import type { HardwareProfile, LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { checkpointBytes } from '../memory/weights.ts'
import { devicesOf, type ServingSettings } from '../settings.ts'

const GiB = 1024 ** 3

/** Kubernetes names of the devices' resources, by vendor (the vendors' device plugins). */
function deviceResource(hardware: HardwareProfile): string | undefined {
  if (hardware.kind === 'hpu') return 'habana.ai/gaudi'
  if (hardware.kind === 'tpu') return 'google.com/tpu'
  if (hardware.kind === 'npu') return 'aws.amazon.com/neuron'
  if (hardware.kind === 'cpu' || hardware.vendor === 'Apple') return undefined
  return hardware.vendor === 'AMD' ? 'amd.com/gpu' : 'nvidia.com/gpu'
}

/** What one replica asks of one node: devices, processor cores, and memory in bytes. */
export function launchResources(model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): LaunchSpec['resources'] {
  const devices = Math.min(devicesOf(settings), hardware.devicesPerNode)
  const resource = deviceResource(hardware)
  // Weights pass through the host's page cache while loading; each worker process takes about 4 GiB and three cores.
  const hostBytes = Math.ceil((checkpointBytes(model) / 4 + devices * 4 * GiB + 8 * GiB) / GiB) * GiB
  if (resource === undefined) return { cpu: 32, memory: Math.ceil((checkpointBytes(model) * 1.2 + 24 * GiB) / GiB) * GiB }
  return { [resource]: devices, cpu: 2 + 3 * devices, memory: hostBytes }
}

/** Loading at 1 GB/s, compiling and capturing graphs, and some patience; at most two hours. */
export const startupSeconds = (model: ModelSpec): number => Math.min(7200, 300 + Math.ceil(checkpointBytes(model) / 1e9))

/** Nodes that one replica spans. */
export const nodesOf = (settings: ServingSettings, hardware: HardwareProfile): number =>
  Math.ceil(devicesOf(settings) / hardware.devicesPerNode)
