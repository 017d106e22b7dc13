/** The worker answers as optimize does, tells its progress, stops when told to, and leaves the host's event loop alone. */
import { coreErrors } from '@bud-foundry/core'
import { afterAll, describe, expect, it } from 'vitest'
import { simErrors } from '../../src/errors.ts'
import { optimize } from '../../src/optimize/optimizer.ts'
import type { OptimizeProgress } from '../../src/optimize/search.ts'
import { createOptimizerWorker } from '../../src/worker/optimizer-worker.ts'

const small = { model: 'Qwen/Qwen3-8B', devices: [{ hardwareId: 'h100-sxm', count: 2 }], engines: ['vllm'] }
const large = { model: 'Qwen/Qwen3-32B', devices: [{ hardwareId: 'h200-sxm', count: 32 }], objective: { timePerOutputTokenMs: 20 } }
const worker = createOptimizerWorker()
afterAll(() => worker[Symbol.asyncDispose]())

describe('createOptimizerWorker', () => {
  it('answers exactly what optimize answers', { timeout: 30_000 }, async () => {
    expect(await worker.optimize(small)).toEqual(await optimize(small))
  })

  it('tells its progress, and keeps the host busy for less than 10 ms at a time', { timeout: 30_000 }, async () => {
    const seen: OptimizeProgress[] = []
    let longestMs = 0
    let ended = false
    // Processor time of this thread alone between two turns of its event loop: other processes cannot lengthen it.
    let last = process.threadCpuUsage()
    const turn = () => {
      const now = process.threadCpuUsage(last)
      longestMs = Math.max(longestMs, (now.user + now.system) / 1000)
      last = process.threadCpuUsage()
      if (!ended) setTimeout(turn, 0)
    }
    setTimeout(turn, 0)
    const result = await worker.optimize(large, { onProgress: (progress) => seen.push(progress) })
    ended = true
    expect(result.plans.length).toBeGreaterThan(0)
    expect(seen.at(-1)).toEqual({ examined: result.examined, feasible: result.feasible })
    expect(seen.length).toBeGreaterThan(1)
    expect(longestMs).toBeLessThan(10)
  })

  it('rejects as soon as the signal aborts, and works on', { timeout: 30_000 }, async () => {
    const controller = new AbortController()
    const asked = worker.optimize(large, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(asked).rejects.toSatisfy(coreErrors.ABORTED.is)
    await expect(worker.optimize(small, { signal: AbortSignal.abort() })).rejects.toSatisfy(coreErrors.ABORTED.is)
    expect((await worker.optimize(small)).plans.length).toBeGreaterThan(0)
  })

  it('passes errors on with their code, status and details', { timeout: 30_000 }, async () => {
    const failure: unknown = await worker.optimize({ ...small, model: 'nobody/nothing' }).catch((error: unknown) => error)
    expect(simErrors.MODEL_UNKNOWN.is(failure) && failure.details.model).toBe('nobody/nothing')
  })

  it('refuses calls once it is closed, and rejects those that wait', { timeout: 30_000 }, async () => {
    const other = createOptimizerWorker()
    const asked = other.optimize(large)
    const rejected = expect(asked).rejects.toSatisfy(simErrors.WORKER_CLOSED.is)
    await other[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    await rejected
    await expect(other.optimize(small)).rejects.toSatisfy(simErrors.WORKER_CLOSED.is)
  })
})
