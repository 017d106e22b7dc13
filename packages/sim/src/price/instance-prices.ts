/** What cloud instances cost, from a cited table; used only where it is asked for and no price was given. */
import type { Citation } from '../hardware/hardware-registry.ts'
import table from './instance-prices.json' with { type: 'json' }

/** How an instance is rented: by the hour for as long as one likes, or for less and taken back at any time. */
export type Market = 'on-demand' | 'spot'

/** One instance type of one provider in one region. */
export interface InstancePrice {
  readonly provider: string
  readonly instanceType: string
  readonly region: string
  readonly hardwareId: string
  /** Accelerators in one instance. */
  readonly devices: number
  /** Of the whole instance; absent when the source has none. */
  readonly onDemandUsdPerHour?: number
  /** Of the whole instance when the table was written; spot prices change by the hour. */
  readonly spotUsdPerHour?: number
  readonly source: Citation
}

/** The price of one device, and where it is from. */
export interface DevicePrice {
  readonly usdPerHour: number
  readonly market: Market
  readonly instance: InstancePrice
}

const sources: Readonly<Record<string, Citation>> = table.sources
const instances: readonly InstancePrice[] = table.instances.flatMap((instance) => {
  const source = sources[instance.provider]
  return source === undefined ? [] : [Object.freeze({ ...instance, source })]
})

const byHardware = Map.groupBy(instances, ({ hardwareId }) => hardwareId)

/** Every instance type with a known price. Providers and hardware that are missing have no price here: none is guessed. */
export const listInstancePrices = (): readonly InstancePrice[] => instances

/** The least that one device costs in an hour, or undefined when no price is known. */
export function findDevicePrice(hardwareId: string, market: Market): DevicePrice | undefined {
  let best: DevicePrice | undefined
  for (const instance of instances) {
    const total = market === 'spot' ? instance.spotUsdPerHour : instance.onDemandUsdPerHour
    if (instance.hardwareId !== hardwareId || total === undefined) continue
    const usdPerHour = total / instance.devices
    if (best === undefined || usdPerHour < best.usdPerHour) best = { usdPerHour, market, instance }
  }
  return best
}

/** Whole instances that are rented together. */
export interface Rental {
  /** Of all of them. */
  readonly usdPerHour: number
  readonly instances: number
  readonly instance: InstancePrice
  readonly market: Market
}

/**
 * The least that so many groups of devices cost, where the devices of a group share one server: whole instances of one type, as many groups in
 * each as it has room for. Undefined when no instance with a known price is large enough.
 */
export function findRental(
  hardwareId: string,
  market: Market,
  { groupDevices, groups }: { readonly groupDevices: number; readonly groups: number },
): Rental | undefined {
  let best: Rental | undefined
  for (const instance of byHardware.get(hardwareId) ?? []) {
    const each = market === 'spot' ? instance.spotUsdPerHour : instance.onDemandUsdPerHour
    if (each === undefined || instance.devices < groupDevices) continue
    const count = Math.ceil(groups / Math.floor(instance.devices / groupDevices))
    if (best === undefined || each * count < best.usdPerHour) best = { usdPerHour: each * count, instances: count, instance, market }
  }
  return best
}

/** What is rented and where its price is from, in words. */
export const describeRental = ({ usdPerHour, instances: count, instance, market }: Rental): string =>
  `$${usdPerHour.toFixed(2)} an hour is the ${market} price of ${count === 1 ? '' : `${String(count)} × `}${instance.provider} ${instance.instanceType} in ${instance.region}, ${String(instance.devices)} ${instance.hardwareId} in each (${instance.source.title}, read ${instance.source.checkedAt})${market === 'spot' ? '; spot instances can be taken back at any time' : ''}.`

/** Where a price is from, in words. */
export const describePrice = ({ usdPerHour, market, instance }: DevicePrice): string =>
  `$${usdPerHour.toFixed(2)} for one ${instance.hardwareId} an hour is the ${market} price of ${instance.provider} ${instance.instanceType} in ${instance.region} (${instance.source.title}, read ${instance.source.checkedAt})${market === 'spot' ? '; spot instances can be taken back at any time' : ''}.`
