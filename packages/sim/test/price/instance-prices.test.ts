/** The price table: every row cited, of known hardware, and used only when asked for. */
import { describe, expect, it } from 'vitest'
import { findHardware } from '../../src/hardware/hardware-registry.ts'
import { optimize } from '../../src/optimize/optimizer.ts'
import { findDevicePrice, listInstancePrices } from '../../src/price/instance-prices.ts'

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

  it('give way to the price that is given, and stay out of plans that name no market', async () => {
    const given = [{ hardwareId: 'h100-sxm', count: 1, usdPerHour: 9 }]
    const [plan] = (await optimize({ ...request, devices: given, market: 'spot' })).plans
    expect(plan?.cost?.usdPerHour).toBe(9)
    expect(plan?.reasons.join('\n')).not.toContain('verda')
    expect((await optimize(request)).plans[0]?.cost).toBeUndefined()
  })
})
