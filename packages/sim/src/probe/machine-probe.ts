/** Measures this machine's memory bandwidth and matrix rate with a thread on each core, and makes a hardware profile of it. */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { simErrors } from '../errors.ts'
import { probedGeneration, type HardwareDescription } from '../hardware/hardware-registry.ts'
import { flopsPerRound, matrixKernel } from './matrix-kernel.ts'

export interface ProbeOptions {
  /** Of each of the two measurements. @default 500 */
  readonly milliseconds?: number
  /** @default one for each core that this process may use */
  readonly threads?: number
  /** Copied to and fro by each thread; must be larger than its share of the last cache. @default 128 MiB shared by all threads, twice */
  readonly bufferBytes?: number
  /** The day to write into the profile. */
  readonly today: string
  readonly signal?: AbortSignal
}

export interface MachineProbe {
  readonly threads: number
  readonly memoryBandwidthBytesPerSecond: number
  readonly flopsPerSecond: number
  readonly hardware: HardwareDescription
}

// Plain JavaScript, as a thread takes its text. Copying counts what is read and what is written, as STREAM does.
const threadSource = `
const { parentPort, workerData } = require('node:worker_threads')
const { kernel, milliseconds, bufferBytes, flopsPerRound } = workerData
const timed = (work) => {
  work()
  let amount = 0
  const start = performance.now()
  let now = start
  while ((now = performance.now()) - start < milliseconds) amount += work()
  return (amount * 1000) / (now - start)
}
const from = new Float64Array(bufferBytes / 8).fill(1)
const to = new Float64Array(from.length)
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernel))
new Float32Array(exports.memory.buffer).fill(1e-3)
parentPort.once('message', () => {
  const bandwidth = timed(() => { to.set(from); return 2 * from.byteLength })
  parentPort.postMessage({ bandwidth })
  parentPort.once('message', () => {
    const flops = timed(() => { exports.run(500); return 500 * flopsPerRound })
    parentPort.postMessage({ flops })
  })
})
parentPort.postMessage('ready')
`

const answerSchema = z.union([z.literal('ready'), z.object({ bandwidth: z.number() }), z.object({ flops: z.number() })])

const nextAnswer = (worker: Worker): Promise<z.output<typeof answerSchema>> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (message: unknown) => {
      worker.off('error', reject)
      resolve(answerSchema.parse(message))
    })
  })

/** Tells all threads to begin together, and adds up what they reached. */
async function measure(workers: readonly Worker[], what: 'bandwidth' | 'flops'): Promise<number> {
  const answers = await Promise.all(
    workers.map((worker) => {
      const answer = nextAnswer(worker)
      worker.postMessage('start')
      return answer
    }),
  )
  return answers.reduce<number>((sum, answer) => {
    if (answer === 'ready' || !(what in answer)) return sum
    return sum + ('bandwidth' in answer ? answer.bandwidth : answer.flops)
  }, 0)
}

/** @throws SIM_PREDICTION_UNSUPPORTED when WebAssembly lacks 128-bit vectors here. */
export async function probeMachine(options: ProbeOptions): Promise<MachineProbe> {
  const { milliseconds = 500, threads = availableParallelism(), today } = options
  const kernel = matrixKernel()
  if (!WebAssembly.validate(kernel))
    throw simErrors.PREDICTION_UNSUPPORTED({ reason: 'this runtime has no 128-bit vectors in WebAssembly' })
  const bufferBytes = options.bufferBytes ?? Math.ceil(128 / threads) * 1024 * 1024
  const workers = Array.from(
    { length: threads },
    () => new Worker(threadSource, { eval: true, workerData: { kernel, milliseconds, bufferBytes, flopsPerRound } }),
  )
  const stop = () => void Promise.all(workers.map((worker) => worker.terminate()))
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    await Promise.all(workers.map(nextAnswer))
    const bandwidth = await measure(workers, 'bandwidth')
    const flops = await measure(workers, 'flops')
    return { threads, memoryBandwidthBytesPerSecond: bandwidth, flopsPerSecond: flops, hardware: describeMachine(bandwidth, flops, today) }
  } finally {
    options.signal?.removeEventListener('abort', stop)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function describeMachine(bandwidth: number, flops: number, today: string): HardwareDescription {
  const name = cpus()[0]?.model.trim() ?? 'a processor'
  const measured = {
    title: `bud-sim hardware probe: memory copied by every core, and matrix products in 128-bit vectors, which a native engine surpasses 2 to 8 times where it has wider ones`,
    url: 'https://github.com/BudEcosystem/bud-foundry/tree/main/packages/sim#readme',
    checkedAt: today,
  }
  return {
    id: 'this-machine',
    name: `${name}, probed`,
    vendor: name.includes('AMD') ? 'AMD' : name.includes('Intel') ? 'Intel' : name.includes('Apple') ? 'Apple' : 'unknown',
    kind: 'cpu',
    generation: probedGeneration,
    devicesPerNode: 1,
    memoryBytes: totalmem(),
    memoryBandwidthBytesPerSecond: Math.round(bandwidth),
    flopsPerSecond: { fp32: Math.round(flops), bf16: Math.round(flops), int8: Math.round(flops) },
    link: undefined,
    source: `${measured.title} (${today})`,
    aliases: [],
    citations: Object.fromEntries(
      ['memoryBytes', 'memoryBandwidthBytesPerSecond', 'flopsPerSecond.fp32', 'flopsPerSecond.bf16', 'flopsPerSecond.int8'].map((field) => [
        field,
        measured,
      ]),
    ),
  }
}
