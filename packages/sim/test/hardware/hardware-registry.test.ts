/** The built-in hardware: complete, cited, and plausible. */
import { findHardware, findNodeLink, listHardware } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

describe('built-in hardware', () => {
  it.each([
    'h100-sxm',
    'h100-pcie',
    'h200-sxm',
    'b200-sxm',
    'a100-sxm-80gb',
    'a100-sxm-40gb',
    'l40s',
    'l4',
    't4',
    'mi300x',
    'mi325x',
    'gaudi-2',
    'gaudi-3',
    'rtx-4090',
    'rtx-3080',
    'rtx-5080',
    'rtx-pro-6000-workstation',
    'gb300',
    'mi210',
    'mi350x',
    'inferentia2',
    'trainium2',
    'tpu-v5e',
    'tpu-v6e',
    'm4-max',
    'xeon-8592',
    'xeon-8480',
    'epyc-9654',
  ])('knows %s', (id) => {
    expect(findHardware(id).id).toBe(id)
  })

  it('has a source and a date for every number', () => {
    for (const hardware of listHardware()) {
      const numbers = [
        'memoryBytes',
        'memoryBandwidthBytesPerSecond',
        ...Object.keys(hardware.flopsPerSecond).map((precision) => `flopsPerSecond.${precision}`),
      ]
      if (hardware.link !== undefined) numbers.push('link.bandwidthBytesPerSecond', 'link.latencySeconds')
      for (const field of numbers)
        expect(hardware.citations[field], `${hardware.id} ${field}`).toMatchObject({
          url: expect.stringMatching(/^https:/),
          checkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        })
    }
  })

  it('is given in bytes and operations a second, not in GB or TFLOPS', () => {
    for (const { id, memoryBytes, memoryBandwidthBytesPerSecond, flopsPerSecond } of listHardware()) {
      expect(memoryBytes, id).toBeGreaterThan(8e9)
      expect(memoryBytes, id).toBeLessThan(1e12)
      expect(memoryBandwidthBytesPerSecond, id).toBeGreaterThan(1e11)
      expect(flopsPerSecond.bf16 ?? flopsPerSecond.fp16 ?? 0, id).toBeGreaterThan(1e12)
    }
  })

  it('has a link to other nodes for every device, and says where it is assumed', () => {
    expect(findNodeLink(findHardware('h200-sxm'))).toMatchObject({ bandwidthBytesPerSecond: 50e9, kind: 'infiniband-400' })
    expect(findNodeLink(findHardware('rtx-4090')).source.title).toMatch(/^Assumed/)
    for (const hardware of listHardware()) expect(findNodeLink(hardware).bandwidthBytesPerSecond).toBeGreaterThan(5e8)
  })

  it('accepts aliases and underscores, and suggests ids for misspelt ones', () => {
    expect(findHardware('H100_SXM')).toBe(findHardware('h100'))
    expect(findHardware('NVIDIA A100-SXM4-80GB').id).toBe('a100-sxm-80gb')
    expect(findHardware('NVIDIA H100 80GB HBM3').id).toBe('h100-sxm')
    expect(findHardware('AMD Instinct MI300X').id).toBe('mi300x')
    expect(() => findHardware('h100-smx')).toThrow(/'h100-smx' is not known; use one of h100-sxm, .*mi300x/)
  })
})
