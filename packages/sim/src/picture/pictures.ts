/** The optimizer's answers as pictures: SVG text that needs no script. */
import type { DeploymentPlan, Prediction } from '@bud-foundry/core'
import type { LoadLimit } from '../optimize/load-limit.ts'
import type { FrontPoint } from '../optimize/pareto.ts'
import { chartSize, colorOf, drawChart, picture, textAt, type Series } from './chart.ts'

/** Cost against latency of what nothing beats; a series for each kind of hardware, names under the pointer. */
export function drawFront(front: readonly FrontPoint[]): string {
  const priced = front.every(({ usdPerHour }) => usdPerHour !== undefined)
  const kinds = [...new Set(front.map(({ hardwareId }) => hardwareId))]
  const series = kinds.map((kind): Series => ({
    name: kind,
    line: false,
    points: front
      .filter(({ hardwareId }) => hardwareId === kind)
      .map((point) => ({
        x: priced ? (point.usdPerHour ?? 0) : point.devices,
        y: point.endToEndMs / 1000,
        label: `${String(point.replicas)} × ${point.engineId}, ${String(point.devices)} × ${kind}, ${point.weights}: ${point.outputTokensPerSecond.toFixed(0)} tokens/s`,
      })),
  }))
  return drawChart({
    title: 'Choices that nothing beats in cost, latency and throughput',
    xTitle: priced ? 'US dollars an hour' : 'devices',
    yTitle: 'end to end, s',
    series,
  })
}

/** Time to first token and ten tokens of answer against the load, as far as it was looked at. */
export function drawLoad({ points, unit, holdsUpTo }: LoadLimit): string {
  const seen = points.filter(({ load }) => load <= 2 * Math.max(holdsUpTo, points[0]?.load ?? 0))
  const line = (name: string, valueOf: (point: LoadLimit['points'][number]) => number): Series => ({
    name,
    line: true,
    points: seen.map((point) => ({ x: point.load, y: valueOf(point), ...(point.broken === undefined ? {} : { label: point.broken }) })),
  })
  return drawChart({
    title: `Latency against load; it holds up to ${String(Number(holdsUpTo.toPrecision(3)))} ${unit}`,
    xTitle: unit,
    yTitle: 'ms',
    series: [
      line('time to first token', ({ timeToFirstTokenMs }) => timeToFirstTokenMs),
      line('10 output tokens', ({ timePerOutputTokenMs }) => 10 * timePerOutputTokenMs),
    ],
  })
}

/** One replica at one number of requests in flight. */
export interface LatencyPoint {
  readonly concurrency: number
  readonly prediction: Pick<Prediction, 'timeToFirstTokenMs' | 'timePerOutputTokenMs'>
}

/** Time to first token and ten tokens of answer of one replica against requests in flight, with both ends of each interval. */
export function drawLatency(points: readonly LatencyPoint[]): string {
  const ends = ['low', 'mid', 'high'] as const
  const series = ends.flatMap((end): Series[] => [
    {
      name: `time to first token, ${end}`,
      line: true,
      points: points.map(({ concurrency, prediction }) => ({ x: concurrency, y: prediction.timeToFirstTokenMs[end] })),
    },
    {
      name: `10 output tokens, ${end}`,
      line: true,
      points: points.map(({ concurrency, prediction }) => ({ x: concurrency, y: 10 * prediction.timePerOutputTokenMs[end] })),
    },
  ])
  return drawChart({ title: 'Latency of one replica against load', xTitle: 'requests in flight', yTitle: 'ms', series })
}

const parts = [
  ['weightsBytes', 'weights'],
  ['activationsBytes', 'activations'],
  ['overheadBytes', 'engine'],
  ['kvCacheBytes', 'KV cache'],
] as const

/** What `drawMemory` needs of a plan. */
export type MemoryBar = Pick<DeploymentPlan, 'name' | 'memoryPerDevice'>

/** What fills each device's memory, a bar for each plan; what is left white the engine may not use. */
export function drawMemory(plans: readonly MemoryBar[]): string {
  const { width, right, top } = chartSize
  const left = 220
  const height = top + plans.length * 34 + 40
  const most = Math.max(1, ...plans.map(({ memoryPerDevice }) => memoryPerDevice.capacityBytes))
  const scale = (width - left - right) / most
  const bars = plans.flatMap(({ name, memoryPerDevice }, row) => {
    const y = top + row * 34
    let x = left
    return [
      textAt(left - 8, y + 17, name.slice(0, 34), 'text-anchor="end"'),
      ...parts.map(([key, part], index) => {
        const long = memoryPerDevice[key] * scale
        const bar = `<rect x="${x.toFixed(1)}" y="${String(y)}" width="${long.toFixed(1)}" height="24" fill="${colorOf(index)}"><title>${part}: ${(memoryPerDevice[key] / 1e9).toFixed(2)} GB</title></rect>`
        x += long
        return bar
      }),
      `<rect x="${String(left)}" y="${String(y)}" width="${(memoryPerDevice.capacityBytes * scale).toFixed(1)}" height="24" fill="none" stroke="#777"/>`,
    ]
  })
  const legend = parts.map(([, part], index) => textAt(left + index * 110, height - 12, `■ ${part}`, `fill="${colorOf(index)}"`))
  return picture(`Memory of each device, of ${(most / 1e9).toFixed(0)} GB`, [...bars, ...legend], height)
}
