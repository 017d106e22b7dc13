/**
 * Distils the measured kernel tables of AIConfigurator (Apache-2.0) into src/cost/kernel-curves.json.
 * node --conditions=bud-source packages/sim/scripts/distil-kernels.ts <folder aiconfigurator-op-db>
 *
 * Each point of the grid is the median, over shapes near it, of measured over ideal time; of an engine's kernels the fastest counts, of
 * the engines the middle one, and of two the faster, because a kernel that an engine falls back to is slower by multiples. Experts are
 * also kept by engine. Rows that are faster than
 * the datasheet allows are dropped: they were served from a cache, or mismeasured.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { HardwareProfile, Precision } from '@bud-foundry/core'
import {
  idealSeconds,
  kernelGrids,
  messageAxis,
  slownessScale,
  type Axis,
  type DeviceCurves,
  type KernelKind,
} from '../src/cost/kernel-grid.ts'
import { findHardware } from '../src/hardware/hardware-registry.ts'

type Row = Readonly<Record<string, unknown>>

/** Folder of the tables to id of the device. */
const devices = {
  a100_sxm: 'a100-sxm-80gb',
  h100_sxm: 'h100-sxm',
  h200_sxm: 'h200-sxm',
  b200_sxm: 'b200-sxm',
  l40s: 'l40s',
  rtx_pro_6000_server: 'rtx-pro-6000-server',
} as const

const precisions: Readonly<Record<string, Precision>> = {
  bfloat16: 'bf16',
  float16: 'bf16',
  fp8: 'fp8',
  fp8_block: 'fp8',
  nvfp4: 'fp4',
  w4a8_mxfp4_mxfp8: 'fp4',
  w4a16_mxfp4: 'fp4',
  int4_wo: 'int4',
}

const numberOf = (row: Row, name: string): number => Number(row[name] ?? 0)

interface Sample {
  readonly kind: KernelKind
  readonly precision: Precision
  readonly work: number
  readonly size: number
  readonly seconds: number
}

/** One row as a point near the grid; undefined when it is of a shape that the grid leaves out. */
function toSample(operation: string, row: Row, device: HardwareProfile): Sample | undefined {
  const seconds = numberOf(row, 'latency') / 1000
  const text = (name: string) => precisions[String(row[name])]
  const at = (kind: KernelKind, precision: Precision | undefined, work: number, size: number): Sample | undefined =>
    precision === undefined || work <= 0 || size <= 0 ? undefined : { kind, precision, work, size, seconds }
  switch (operation) {
    case 'gemm':
      return at('gemm', text('gemm_dtype'), numberOf(row, 'm'), numberOf(row, 'n') * numberOf(row, 'k'))
    case 'moe': {
      if (row['distribution'] !== 'power_law_1.01' || String(row['kernel_source']).includes('nongated')) return undefined
      // On a device with 4-bit units, mxfp4 that is widened to 16 bits is not what engines use.
      if (row['moe_dtype'] === 'w4a16_mxfp4' && device.flopsPerSecond.fp4 !== undefined) return undefined
      const perExpert = (numberOf(row, 'num_tokens') * numberOf(row, 'topk')) / numberOf(row, 'num_experts')
      const weights =
        ((numberOf(row, 'num_experts') / numberOf(row, 'moe_ep_size')) * 3 * numberOf(row, 'hidden_size') * numberOf(row, 'inter_size')) /
        numberOf(row, 'moe_tp_size')
      return at('experts', text('moe_dtype'), perExpert, weights)
    }
    case 'context_attention':
      return row['window_size'] !== undefined && numberOf(row, 'window_size') !== 0
        ? undefined
        : scaleHeads(
            at('prompt', text('kv_cache_dtype'), numberOf(row, 'isl'), numberOf(row, 'batch_size') * numberOf(row, 'num_heads')),
            row,
          )
    case 'generation_attention':
      return row['window_size'] !== undefined && numberOf(row, 'window_size') !== 0
        ? undefined
        : scaleHeads(
            at(
              'decode',
              text('kv_cache_dtype'),
              numberOf(row, 'step') + 1,
              numberOf(row, 'batch_size') * numberOf(row, 'num_key_value_heads'),
            ),
            row,
          )
    case 'context_mla':
      return at('latent-prompt', text('kv_cache_dtype'), numberOf(row, 'isl'), numberOf(row, 'batch_size') * numberOf(row, 'num_heads'))
    case 'generation_mla':
      return at(
        'latent-decode',
        text('kv_cache_dtype'),
        numberOf(row, 'step') + 1,
        numberOf(row, 'num_heads') === 16 ? numberOf(row, 'batch_size') : 0,
      )
    default:
      return undefined
  }
}

/** Engines differ by multiples in what they run experts with; their other kernels are much alike. */
const engineKinds: ReadonlySet<KernelKind> = new Set(['experts'])
const engineIds: Readonly<Record<string, string>> = { trtllm: 'tensorrt-llm' }

/** Heads of 128 values only: the reference that other sizes are scaled from. */
const scaleHeads = (sample: Sample | undefined, row: Row) => (numberOf(row, 'head_dim') === 128 ? sample : undefined)

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Of an engine's kernels the fastest counts, of the engines the middle one. */
const middleEngine = (bySource: ReadonlyMap<string, readonly number[]>): number | undefined => {
  const fastest = new Map<string, number>()
  for (const [source, values] of bySource) {
    const engine = source.slice(0, source.indexOf('/'))
    fastest.set(engine, Math.min(fastest.get(engine) ?? Number.POSITIVE_INFINITY, median(values)))
  }
  const medians = [...fastest.values()].sort((left, right) => left - right)
  return medians[Math.floor((medians.length - 1) / 2)]
}

const nearest = (axis: Axis, value: number): number | undefined => {
  const position = Math.round((Math.log2(value) - axis.first) / axis.step)
  return position >= 0 && position < axis.points ? position : undefined
}

/** Empty cells take the value of the nearest one with the same size, then of the nearest size. */
function fillGaps(cells: readonly (number | undefined)[], works: number, sizes: number): readonly number[] {
  const at = (work: number, size: number) => cells[size * works + work]
  const near = (work: number, size: number): number | undefined => {
    for (let distance = 0; distance < works; distance += 1) {
      const found =
        (work >= distance ? at(work - distance, size) : undefined) ?? (work + distance < works ? at(work + distance, size) : undefined)
      if (found !== undefined) return found
    }
    return undefined
  }
  return Array.from({ length: works * sizes }, (_, index) => {
    const work = index % works
    const size = Math.floor(index / works)
    for (let distance = 0; distance < sizes; distance += 1) {
      const found =
        (size - distance >= 0 ? near(work, size - distance) : undefined) ??
        (size + distance < sizes ? near(work, size + distance) : undefined)
      if (found !== undefined) return Math.round(found)
    }
    throw new Error('a table without any row')
  })
}

async function readRows(file: string): Promise<readonly Row[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(file), compressors })
}

function* tablesOf(folder: string): Generator<{ readonly operation: string; readonly engine: string; readonly file: string }> {
  for (const family of ['gemm', 'moe', 'attention', 'mla', 'comm'])
    for (const engine of readdirSync(join(folder, family)))
      for (const version of readdirSync(join(folder, family, engine)))
        for (const name of readdirSync(join(folder, family, engine, version)))
          if (name.endsWith('_perf.parquet'))
            yield { operation: name.replace('_perf.parquet', ''), engine, file: join(folder, family, engine, version, name) }
}

async function distil(
  folder: string,
  device: HardwareProfile,
): Promise<DeviceCurves & { readonly rows: number; readonly dropped: number }> {
  const cells = new Map<string, Map<string, number[]>[]>()
  const messages = new Map<string, number[][]>()
  let rows = 0
  let dropped = 0
  const addMessage = (name: string, bytes: number, seconds: number) => {
    const position = nearest(messageAxis, bytes)
    if (position === undefined) return
    const list = messages.get(name) ?? Array.from({ length: messageAxis.points }, () => [])
    messages.set(name, list)
    list[position]?.push(seconds * 1e9)
  }
  for (const { operation, engine, file } of tablesOf(folder)) {
    for (const row of await readRows(file)) {
      if (operation === 'nccl' && row['nccl_dtype'] === 'half') {
        addMessage(
          `nccl-${String(row['op_name'])}/${numberOf(row, 'num_gpus')}`,
          numberOf(row, 'message_size') * 2,
          numberOf(row, 'latency') / 1000,
        )
        continue
      }
      if (operation === 'custom_allreduce') {
        if (!String(row['kernel_source']).includes('eager'))
          addMessage(`custom/${numberOf(row, 'num_gpus')}`, numberOf(row, 'message_size') * 2, numberOf(row, 'latency') / 1000)
        continue
      }
      const sample = toSample(operation, row, device)
      if (sample === undefined) continue
      rows += 1
      const grid = kernelGrids[sample.kind]
      const ideal = idealSeconds({ ...sample, hardware: device })
      const slowness = sample.seconds / ideal
      // Large work cannot be faster than the datasheet; small work may sit in the second-level cache.
      if (!(slowness >= 0.9)) {
        dropped += 1
        continue
      }
      const work = nearest(grid.work, sample.work)
      const size = nearest(grid.size, sample.size)
      if (work === undefined || size === undefined) continue
      const name = `${sample.kind}/${sample.precision}`
      for (const key of engineKinds.has(sample.kind) ? [name, `${engineIds[engine] ?? engine}:${name}`] : [name]) {
        const table = cells.get(key) ?? Array.from({ length: grid.work.points * grid.size.points }, () => new Map<string, number[]>())
        cells.set(key, table)
        const cell = table[size * grid.work.points + work]
        const source = `${engine}/${String(row['kernel_source'])}`
        const list = cell?.get(source) ?? []
        cell?.set(source, list)
        list.push(Math.max(0, Math.log2(slowness)) * slownessScale)
      }
    }
  }
  const kernels = Object.fromEntries(
    [...cells].sort().map(([name, table]) => {
      const kind = name.replace(/^.*:/, '').split('/')[0] as KernelKind // The names were made from kinds above.
      const { work, size } = kernelGrids[kind]
      return [name, fillGaps(table.map(middleEngine), work.points, size.points)]
    }),
  )
  return { kernels, collectives: toCollectives(messages), rows, dropped }
}

/** The all-reduce of a step is the faster of the engines' own kernel and NCCL's. */
function toCollectives(messages: ReadonlyMap<string, readonly (readonly number[])[]>): DeviceCurves['collectives'] {
  const result: Record<string, readonly number[]> = {}
  for (const devicesCount of [2, 4, 8])
    for (const [operation, sources] of Object.entries({
      'all-reduce': ['custom', 'nccl-all_reduce'],
      'all-gather': ['nccl-all_gather'],
      'all-to-all': ['nccl-alltoall'],
    })) {
      const tables = sources.flatMap((source) => messages.get(`${source}/${devicesCount}`) ?? [])
      if (tables.length === 0) continue
      const points = Array.from({ length: messageAxis.points }, (_, position) =>
        Math.min(
          ...sources.flatMap((source) => {
            const list = messages.get(`${source}/${devicesCount}`)?.[position] ?? []
            return list.length === 0 ? [] : [median(list)]
          }),
        ),
      )
      // The largest messages were not measured everywhere: they double like the ones before.
      const first = points.find(Number.isFinite) ?? 0
      result[`${operation}/${devicesCount}`] = points.reduce<number[]>((done, nanoseconds, index) => {
        const before = done[index - 1]
        done.push(
          Math.round(
            Number.isFinite(nanoseconds)
              ? Math.max(nanoseconds, before ?? 0)
              : before === undefined || before === Math.round(first)
                ? first
                : before * 2,
          ),
        )
        return done
      }, [])
    }
  return result
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('give the folder of the tables (aiconfigurator-op-db)')
const curves: Record<string, DeviceCurves> = {}
for (const [name, id] of Object.entries(devices)) {
  const { kernels, collectives, rows, dropped } = await distil(join(folder, name), findHardware(id))
  curves[id] = { kernels, collectives }
  process.stdout.write(`${id}: ${rows} rows, ${dropped} faster than the datasheet dropped, ${Object.keys(kernels).join(' ')}\n`)
}
const lines = Object.entries(curves).map(([id, curve]) => `  ${JSON.stringify(id)}: ${JSON.stringify(curve)}`)
writeFileSync(
  new URL('../src/cost/kernel-curves.json', import.meta.url),
  `{\n  "source": "medians of AIConfigurator's measured kernel tables (Apache-2.0, NVIDIA), made by scripts/distil-kernels.ts",\n  "devices": {\n${lines.join(',\n')}\n  }\n}\n`,
)
