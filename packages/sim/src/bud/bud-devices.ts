/** Which hardware profile a device of Bud's cluster service is: by the tokens of its names, then by its memory. */
import type { DeviceInput } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { listHardware, type HardwareDescription } from '../hardware/hardware-registry.ts'
import type { BudCluster, BudDevice } from './bud-schemas.ts'

const tokensOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)

/** Tokens of an id that a name carries; 0 unless it carries the first ones, which tell the chip. */
function resemblance(hardware: HardwareDescription, tokens: ReadonlySet<string>, memoryBytes: number | undefined): number {
  const [chip = '', ...variant] = tokensOf(hardware.id)
  // rtx-4090 and gaudi-3 are told by two tokens.
  const named = /\d/.test(chip) ? tokens.has(chip) : tokens.has(chip) && variant[0] !== undefined && tokens.has(variant[0])
  if (!named) return 0
  const near = memoryBytes === undefined ? 0 : 1 - Math.min(1, Math.abs(hardware.memoryBytes / memoryBytes - 1))
  return 1 + variant.filter((token) => tokens.has(token)).length + near
}

/** Undefined for devices that are not known, such as plain processors whose name says no model. */
export function findBudHardware(device: BudDevice): HardwareDescription | undefined {
  const tokens = new Set(tokensOf([device.name, device.device_model, device.raw_name].join(' ')))
  // NVIDIA's drivers write A100-SXM4 and H100 80GB HBM3 for boards that plug in.
  for (const token of ['sxm2', 'sxm4', 'sxm5', 'hbm3']) if (tokens.has(token)) tokens.add('sxm')
  const memoryBytes = device.mem_per_GPU_in_GB === undefined ? undefined : device.mem_per_GPU_in_GB * 1e9
  const [best] = listHardware()
    .map((hardware) => ({ hardware, score: resemblance(hardware, tokens, memoryBytes) }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score)
  return best?.hardware
}

/** The free devices of a cluster that are known, one entry for each node and kind. @throws SIM_NOTHING_RUNS when none is. */
export function toDevices(cluster: BudCluster, model: string, nodeIds?: readonly string[]): readonly DeviceInput[] {
  const unknown: string[] = []
  const devices = cluster.nodes
    .filter(({ id, status }) => status && (nodeIds === undefined || nodeIds.includes(id)))
    .flatMap((node) =>
      node.devices
        .filter((device) => device.available_count > 0 && !(node.is_master && device.type.startsWith('cpu')))
        .flatMap((device): DeviceInput[] => {
          const hardware = findBudHardware(device)
          if (hardware === undefined) {
            unknown.push(device.raw_name ?? device.device_model ?? device.name ?? device.type)
            return []
          }
          return [{ hardwareId: hardware.id, count: device.available_count, nodeName: node.name }]
        }),
    )
  if (devices.length === 0)
    throw simErrors.NOTHING_RUNS({
      model,
      reasons: [
        `cluster '${cluster.id}' has no free device that is known${unknown.length === 0 ? '' : `; not known: ${unknown.slice(0, 5).join(', ')}`}`,
      ],
    })
  return devices
}
