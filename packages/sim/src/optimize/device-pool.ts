/** The devices of one kind that may be used, and how they sit in nodes. */
import type { Device } from '@bud-foundry/core'
import { findHardware, type HardwareDescription } from '../hardware/hardware-registry.ts'
import { findDevicePrice, findRental, type DevicePrice, type Market, type Rental } from '../price/instance-prices.ts'
import { devicesOf, type ServingSettings } from '../settings.ts'

export interface DevicePool {
  readonly hardware: HardwareDescription
  readonly available: number
  /** Free devices of each node, most first. */
  readonly nodes: readonly number[]
  /** Of one device, the dearest when entries differ; undefined when one has no price. */
  readonly usdPerHour: number | undefined
  /** Where the price is from, when only some entries have one of their own. */
  readonly listPrice: DevicePrice | undefined
  /** Whole instances of this market are rented, as no entry has a price of its own. */
  readonly market: Market | undefined
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
    const unpriced = members.every((device) => device.usdPerHour === undefined)
    const prices = members.map((device) => device.usdPerHour ?? listed?.usdPerHour)
    return {
      hardware,
      available: nodes.reduce((sum, free) => sum + free, 0),
      nodes: nodes.sort((left, right) => right - left),
      usdPerHour: prices.some((price) => price === undefined) ? undefined : Math.max(...prices.map((price) => price ?? 0)),
      listPrice: !unpriced && members.some((device) => device.usdPerHour === undefined) ? listed : undefined,
      market: unpriced ? market : undefined,
    }
  })
}

/** What replicas cost in an hour: their devices at the price given, or the instances that have to be rented for them. */
export function costOfReplicas(
  pool: DevicePool,
  settings: Pick<ServingSettings, 'tensor' | 'pipeline' | 'data'>,
  replicas: number,
): { readonly usdPerHour: number | undefined; readonly rental: Rental | undefined } {
  if (pool.market === undefined)
    return { usdPerHour: pool.usdPerHour === undefined ? undefined : pool.usdPerHour * replicas * devicesOf(settings), rental: undefined }
  const together = { groupDevices: settings.tensor * settings.data, groups: replicas * settings.pipeline }
  const rental = findRental(pool.hardware.id, pool.market, together)
  return { usdPerHour: rental?.usdPerHour, rental }
}

/** How many replicas of `tensor × data` devices in each of `pipeline` nodes fit into the pool. */
export function countReplicas(pool: DevicePool, perNode: number, stages: number): number {
  const slots = pool.nodes.reduce((sum, free) => sum + Math.floor(free / perNode), 0)
  return Math.floor(slots / stages)
}
