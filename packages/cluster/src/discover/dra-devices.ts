/** The accelerators that drivers publish in ResourceSlices, with those that claims hold. */
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { amdHardwareId, nvidiaHardwareId, nvidiaProductName } from './hardware-names.ts'
import { resourceClaimStatusSchema, resourceSliceSchema } from './node-schemas.ts'

export interface DraDevices {
  readonly nodeName: string
  readonly driver: string
  readonly product: string
  readonly hardwareId: string | undefined
  readonly count: number
  readonly available: number
  /** Pools of which slices are missing: a driver is just publishing them, and the scheduler takes nothing from them until then. */
  readonly incompletePools: readonly string[]
}

const deviceKey = (driver: string, pool: string, device: string) => `${driver}/${pool}/${device}`

function allocatedKeys(claims: readonly KubernetesObject[]): ReadonlySet<string> {
  const keys = claims.flatMap(({ status }) => {
    const parsed = resourceClaimStatusSchema.safeParse(status ?? {})
    return parsed.success
      ? (parsed.data.allocation?.devices.results ?? []).map(({ driver, pool, device }) => deviceKey(driver, pool, device))
      : []
  })
  return new Set(keys)
}

const identify = (driver: string, product: string) => (driver.includes('amd') ? amdHardwareId(product) : nvidiaHardwareId(product))

/** Kubernetes puts no pod on a device with one of these, unless its claim tolerates it; ours tolerate none. */
const barringEffects = new Set(['NoSchedule', 'NoExecute'])

/** Slices of an older generation of their pool are leftovers of an update, and MIG partitions belong to a GPU that is listed itself. */
export function devicesOfSlices(slices: readonly KubernetesObject[], claims: readonly KubernetesObject[]): readonly DraDevices[] {
  const parsed = slices.flatMap(({ spec }) => {
    const result = resourceSliceSchema.safeParse(spec)
    return result.success && result.data.nodeName !== undefined ? [{ ...result.data, nodeName: result.data.nodeName }] : []
  })
  const newest = new Map<string, number>()
  for (const { driver, pool } of parsed) {
    const key = `${driver}/${pool.name}`
    newest.set(key, Math.max(newest.get(key) ?? 0, pool.generation))
  }
  const isNewest = ({ driver, pool }: (typeof parsed)[number]) => pool.generation === newest.get(`${driver}/${pool.name}`)
  const sliceCounts = Map.groupBy(parsed.filter(isNewest), ({ driver, pool }) => `${driver}/${pool.name}`)
  const allocated = allocatedKeys(claims)
  const groups = new Map<string, DraDevices>()
  for (const slice of parsed) {
    if (!isNewest(slice)) continue
    const { driver, pool, nodeName, devices } = slice
    const isComplete = (sliceCounts.get(`${driver}/${pool.name}`)?.length ?? 0) >= pool.resourceSliceCount
    for (const { name, attributes, taints } of devices) {
      if (attributes['type']?.string === 'mig') continue
      const product = nvidiaProductName(attributes['productName']?.string ?? driver)
      const key = `${nodeName} ${driver} ${product}`
      const first = { nodeName, driver, product, hardwareId: identify(driver, product), count: 0, available: 0, incompletePools: [] }
      const group: DraDevices = groups.get(key) ?? first
      const isFree =
        isComplete && !taints.some(({ effect }) => barringEffects.has(effect)) && !allocated.has(deviceKey(driver, pool.name, name))
      const incompletePools = isComplete ? group.incompletePools : [...new Set([...group.incompletePools, pool.name])]
      groups.set(key, { ...group, count: group.count + 1, available: group.available + (isFree ? 1 : 0), incompletePools })
    }
  }
  return [...groups.values()]
}
