/** The devices of one kind that may be used, and how they sit in nodes. */
import type { Device } from '@bud-foundry/core'
import { findHardware, type HardwareDescription } from '../hardware/hardware-registry.ts'
import { findDevicePrice, type DevicePrice, type Market } from '../price/instance-prices.ts'

export interface DevicePool {
  readonly hardware: HardwareDescription
  readonly available: number
  /** Free devices of each node, most first. */
  readonly nodes: readonly number[]
  /** Of one device, the dearest when entries differ; undefined when one has no price. */
  readonly usdPerHour: number | undefined
  /** Where the price is from, when it is of the package's table. */
  readonly listPrice: DevicePrice | undefined
}

/** Splits devices whose node is not named into nodes of the usual size. */
function toNodes(device: Device, hardware: HardwareDescription): readonly number[] {
  const free = Math.min(device.count, device.available ?? device.count)
  if (device.nodeName !== undefined) return [free]
  const full = Math.floor(free / hardware.devicesPerNode)
  const rest = free % hardware.devicesPerNode
  return [...Array.from({ length: full }, () => hardware.devicesPerNode), ...(rest > 0 ? [rest] : [])]
}

/** One pool for each kind of hardware. Shared devices (MIG, time slices) are left out. @throws SIM_HARDWARE_UNKNOWN. */
export function createDevicePools(
  devices: readonly Device[],
  market?: Market,
  own: readonly HardwareDescription[] = [],
): readonly DevicePool[] {
  const groups = new Map<string, { hardware: HardwareDescription; devices: Device[] }>()
  for (const device of devices) {
    const hardware = own.find(({ id }) => id === device.hardwareId) ?? findHardware(device.hardwareId)
    if (device.sharing !== 'whole') continue
    const group = groups.get(hardware.id) ?? { hardware, devices: [] }
    group.devices.push(device)
    groups.set(hardware.id, group)
  }
  return [...groups.values()].map(({ hardware, devices: members }) => {
    const nodes = members.flatMap((device) => toNodes(device, hardware)).filter((free) => free > 0)
    const listed = market === undefined ? undefined : findDevicePrice(hardware.id, market)
    const prices = members.map((device) => device.usdPerHour ?? listed?.usdPerHour)
    return {
      hardware,
      available: nodes.reduce((sum, free) => sum + free, 0),
      nodes: nodes.sort((left, right) => right - left),
      usdPerHour: prices.some((price) => price === undefined) ? undefined : Math.max(...prices.map((price) => price ?? 0)),
      listPrice: members.some((device) => device.usdPerHour === undefined) ? listed : undefined,
    }
  })
}

/** How many replicas of `tensor × data` devices in each of `pipeline` nodes fit into the pool. */
export function countReplicas(pool: DevicePool, perNode: number, stages: number): number {
  const slots = pool.nodes.reduce((sum, free) => sum + Math.floor(free / perNode), 0)
  return Math.floor(slots / stages)
}
