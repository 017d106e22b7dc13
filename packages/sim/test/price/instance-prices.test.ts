/** The price table: every row cited, of known hardware, and used only when asked for. */
import { describe, expect, it } from 'vitest'
import { findHardware } from '../../src/hardware/hardware-registry.ts'
import { optimize } from '../../src/optimize/optimizer.ts'
import { findDevicePrice, findRental, listInstancePrices } from '../../src/price/instance-prices.ts'

const request = { model: 'Qwen/Qwen3-8B', devices: [{ hardwareId: 'h100-sxm', count: 1 }], engines: ['vllm'] }

describe('instance prices', () => {
  it('name known hardware, a price, and a dated source', () => {
    expect(listInstancePrices().length).toBeGreaterThan(20)
    for (const instance of listInstancePrices()) {
      expect(findHardware(instance.hardwareId).id).toBe(instance.hardwareId)
      expect(instance.onDemandUsdPerHour ?? instance.spotUsdPerHour).toBeGreaterThan(0)
      expect(instance.spotUsdPerHour ?? 0).toBeLessThanOrEqual(instance.onDemandUsdPerHour ?? Infinity)
      expect(instance.source.url).toContain(`/${instance.provider}/`)
      expect(instance.source.checkedAt).toMatch(/^\d{4}-\d\d-\d\d$/)
    }
  })

  it('are the least of a device, and undefined where none is known', () => {
    expect(findDevicePrice('h100-sxm', 'on-demand')?.usdPerHour).toBe(2.29)
    expect(findDevicePrice('h100-sxm', 'spot')?.usdPerHour).toBe(0.8015)
    expect(findDevicePrice('t4', 'on-demand')).toBeUndefined()
  })

  it('price plans when a market is named, and say where they are from', async () => {
    const [plan] = (await optimize({ ...request, market: 'on-demand' })).plans
    expect(plan?.cost?.usdPerHour).toBe(2.29)
    expect(plan?.cost?.usdPerMillionOutputTokens).toBeCloseTo((2.29 / ((plan?.predicted.outputTokensPerSecond.mid ?? 0) * 3600)) * 1e6, 9)
    expect(plan?.reasons.join('\n')).toContain('on-demand price of verda 1H100.80S.32V')
  })

  it('are those of whole instances that hold what works together', async () => {
    // One H200 costs half of an instance of two only where both are used.
    expect(findRental('h200-sxm', 'spot', { groupDevices: 1, groups: 1 })).toMatchObject({ usdPerHour: 1.45, instances: 1 })
    const eight = findRental('a100-sxm-80gb', 'on-demand', { groupDevices: 8, groups: 2 })
    expect(eight?.instance.devices).toBeGreaterThanOrEqual(8)
    expect(eight?.instances).toBe(2)
    expect(findRental('h100-sxm', 'on-demand', { groupDevices: 16, groups: 1 })).toBeUndefined()
    for (const { hardwareId } of listInstancePrices())
      for (const groupDevices of [1, 2, 4, 8])
        for (const groups of [1, 3]) {
          const rental = findRental(hardwareId, 'on-demand', { groupDevices, groups })
          if (rental === undefined) continue
          expect(rental.instances * Math.floor(rental.instance.devices / groupDevices)).toBeGreaterThanOrEqual(groups)
          expect(rental.usdPerHour).toBeCloseTo(rental.instances * (rental.instance.onDemandUsdPerHour ?? Number.NaN), 9)
        }
    const devices = [{ hardwareId: 'a100-sxm-80gb', count: 8 }]
    const { plans } = await optimize({
      model: 'Qwen/Qwen2.5-72B-Instruct',
      devices,
      engines: ['vllm'],
      market: 'on-demand',
      precisions: ['bf16'],
    })
    for (const plan of plans) {
      const { devicesPerReplica, replicas } = plan
      const least = findRental('a100-sxm-80gb', 'on-demand', { groupDevices: devicesPerReplica, groups: replicas })
      expect(plan.cost?.usdPerHour).toBe(least?.usdPerHour)
    }
  })

  it('give way to the price that is given, and stay out of plans that name no market', async () => {
    const given = [{ hardwareId: 'h100-sxm', count: 1, usdPerHour: 9 }]
    const [plan] = (await optimize({ ...request, devices: given, market: 'spot' })).plans
    expect(plan?.cost?.usdPerHour).toBe(9)
    expect(plan?.reasons.join('\n')).not.toContain('verda')
    expect((await optimize(request)).plans[0]?.cost).toBeUndefined()
  })
})
