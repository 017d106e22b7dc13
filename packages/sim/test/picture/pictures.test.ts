/** The pictures: well-formed SVG that shows every number it was given, inside its frame. */
import { drawFront, drawLoad, drawMemory, findLoadLimit, optimize } from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartSize, drawChart, ticksUpTo } from '../../src/picture/chart.ts'

const request = {
  model: 'Qwen/Qwen3-8B',
  engines: ['vllm'],
  devices: [
    { hardwareId: 'h100-sxm', count: 2, usdPerHour: 3 },
    { hardwareId: 'l40s', count: 2, usdPerHour: 1 },
  ],
}

/** Every tag is closed in the right order, and no text holds a bare sign. */
function expectWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, closing, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (closing === '/') expect(open.pop()).toBe(name)
    else if (empty === '') open.push(name ?? '')
  }
  expect(open).toEqual([])
  expect(svg).not.toMatch(/NaN|Infinity|undefined|&(?!#\d+;)/)
}

describe('pictures', () => {
  it('show each choice of the front, each load, and each part of memory', async () => {
    const { front, plans } = await optimize(request)
    const limit = await findLoadLimit({ ...request, objective: { timePerOutputTokenMs: 30 } })
    const pictures = [drawFront(front), drawLoad(limit), drawMemory(plans)]
    pictures.forEach(expectWellFormed)
    expect(pictures[0]?.match(/<circle/g)?.length).toBe(front.length)
    expect(pictures[1]).toContain(`it holds up to ${String(limit.holdsUpTo)} requests in flight`)
    expect(pictures[2]?.match(/<rect/g)?.length).toBe(5 * plans.length)
  })

  it('keep every point inside the frame, whatever the numbers and names', () => {
    const value = fc.double({ min: 0, max: 1e9, noNaN: true })
    const point = fc.record({ x: value, y: value, label: fc.string() })
    fc.assert(
      fc.property(fc.array(point, { maxLength: 20 }), fc.string({ unit: 'grapheme-ascii' }), (points, name) => {
        const svg = drawChart({ title: name, xTitle: 'x', yTitle: 'y', series: [{ name, line: true, points }] })
        expect(svg).not.toMatch(/NaN|Infinity/)
        for (const [, x, y] of svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(chartSize.left - 0.1)
          expect(Number(x)).toBeLessThanOrEqual(chartSize.width - chartSize.right + 0.1)
          expect(Number(y)).toBeGreaterThanOrEqual(chartSize.top - 0.1)
          expect(Number(y)).toBeLessThanOrEqual(chartSize.height - chartSize.bottom + 0.1)
        }
      }),
    )
  })

  it('have round ticks that reach the largest value', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (most) => {
        const ticks = ticksUpTo(most)
        expect(ticks.length).toBeLessThanOrEqual(8)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-6))
      }),
    )
  })
})
