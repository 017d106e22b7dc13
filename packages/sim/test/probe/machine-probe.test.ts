/** The probe of this machine: a kernel that computes what it should, and plausible rates. */
import { describe, expect, it } from 'vitest'
import { flopsPerRound, matrixKernel } from '../../src/probe/matrix-kernel.ts'
import { probeMachine } from '../../src/probe/machine-probe.ts'

describe('the matrix kernel', () => {
  it('multiplies a 4 × 256 by a 256 × 8 panel', async () => {
    const { instance } = await WebAssembly.instantiate(matrixKernel())
    const { memory, run } = instance.exports
    if (!(memory instanceof WebAssembly.Memory) || typeof run !== 'function') throw new Error('the module exports both')
    const values = new Float32Array(memory.buffer)
    const [depth, rows, columns] = [256, 4, 8]
    for (let step = 0; step < depth; step += 1) {
      for (let row = 0; row < rows; row += 1) values[step * rows + row] = (step % 5) + row
      for (let column = 0; column < columns; column += 1) values[depth * rows + step * columns + column] = (step % 3) - column
    }
    run(2)
    const result = values.subarray(depth * (rows + columns))
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; column += 1) {
        let sum = 0
        for (let step = 0; step < depth; step += 1) sum += ((step % 5) + row) * ((step % 3) - column)
        expect(result[row * columns + column]).toBe(2 * sum)
      }
    expect(flopsPerRound).toBe(2 * rows * columns * depth)
  })
})

describe('the probe', () => {
  it('measures bandwidth and matrix rate on every thread, and describes the machine by them', async () => {
    const probe = await probeMachine({ milliseconds: 20, threads: 2, bufferBytes: 4 * 1024 * 1024, today: '2026-11-23' })
    expect(probe.memoryBandwidthBytesPerSecond).toBeGreaterThan(1e8)
    expect(probe.memoryBandwidthBytesPerSecond).toBeLessThan(1e13)
    expect(probe.flopsPerSecond).toBeGreaterThan(1e8)
    expect(probe.flopsPerSecond).toBeLessThan(1e13)
    expect(probe.hardware).toMatchObject({ id: 'this-machine', kind: 'cpu', devicesPerNode: 1 })
    expect(probe.hardware.citations['flopsPerSecond.bf16']?.checkedAt).toBe('2026-11-23')
  })
})
