/** What a million tokens really cost: requests joined to the devices that served them, and those to the price of their nodes. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { askMany } from './asker.ts'
import { parseQuery, resolveWindow, trueCostSchema, type SelectionInput } from './question.ts'
import type { RequestEngine } from './request-engine.ts'
import type { Scope } from './scope.ts'

export interface TrueCostQuestion {
  readonly window: SelectionInput['window']
}

export interface TrueCostRow {
  readonly targetId: string
  readonly requests: number
  readonly tokens: number
  /** Time that its devices were assigned to the target inside the window. */
  readonly deviceHours: number
  /** Its share of the price of the nodes: per device and hour, shared equally by targets on the same device. Null: a node has no price. */
  readonly nodeUsd: number | null
  /** Mean over the samples of its devices; null: none was taken. */
  readonly utilisation: number | null
  /** What was paid while the devices did not compute. */
  readonly idleUsd: number | null
  readonly usdPerMillionTokens: number | null
  /** What callers were charged for the same requests; null where none has a price. */
  readonly chargedUsd: number | null
}

export interface TrueCost {
  readonly fromUnixMs: number
  readonly toUnixMs: number
  /** Most expensive first. */
  readonly rows: readonly TrueCostRow[]
}

const placeSchema = z.object({
  target_id: z.string(),
  cluster_name: z.string(),
  node_name: z.string(),
  device_id: z.string(),
  at_ms: z.number(),
  removed: z.union([z.boolean(), z.number()]).transform(Boolean),
})
const priceSchema = z.object({
  cluster_name: z.string(),
  node_name: z.string(),
  at_ms: z.number(),
  usd_per_hour: z.number(),
  devices: z.number(),
})
const sampleSchema = z.object({
  cluster_name: z.string(),
  node_name: z.string(),
  device_id: z.string(),
  utilisation: z.number().nullable(),
})

export type Place = z.infer<typeof placeSchema>
export type Price = z.infer<typeof priceSchema>

const nodeKey = (row: { readonly cluster_name: string; readonly node_name: string }) => JSON.stringify([row.cluster_name, row.node_name])
const deviceKey = (row: { readonly cluster_name: string; readonly node_name: string; readonly device_id: string }) =>
  JSON.stringify([row.cluster_name, row.node_name, row.device_id])

function groupRows<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}

/** The last record not after the instant; records ascend. */
const holdsAt = <Row extends { readonly at_ms: number }>(rows: readonly Row[], atMs: number) => rows.findLast((row) => row.at_ms <= atMs)

export interface Use {
  deviceHours: number
  /** Undefined as soon as one hour has no price. */
  usd: number | undefined
  readonly devices: Set<string>
}

/** Splits the price of every device between the targets assigned to it, over the stretches in which neither changes. */
export function allocateDevices(
  places: readonly Place[],
  prices: readonly Price[],
  window: { readonly fromUnixMs: number; readonly toUnixMs: number },
): Map<string, Use> {
  const uses = new Map<string, Use>()
  const pricesOf = groupRows(prices, nodeKey)
  for (const [key, onDevice] of groupRows(places, deviceKey)) {
    const [first] = onDevice
    if (first === undefined) continue
    const nodePrices = pricesOf.get(nodeKey(first)) ?? []
    const changes = [...onDevice, ...nodePrices].map(({ at_ms: at }) => at).filter((at) => at > window.fromUnixMs && at < window.toUnixMs)
    const edges = [...new Set([window.fromUnixMs, ...changes, window.toUnixMs])].sort((left, right) => left - right)
    const byTarget = groupRows(onDevice, ({ target_id: target }) => target)
    for (const [index, from] of edges.slice(0, -1).entries()) {
      const hours = ((edges[index + 1] ?? from) - from) / 3_600_000
      const assigned = [...byTarget].filter(([, rows]) => holdsAt(rows, from)?.removed === false).map(([target]) => target)
      const price = holdsAt(nodePrices, from)
      const usd = price === undefined || price.devices === 0 ? undefined : (price.usd_per_hour / price.devices) * hours
      for (const target of assigned) {
        const use = uses.get(target) ?? { deviceHours: 0, usd: 0, devices: new Set<string>() }
        use.deviceHours += hours / assigned.length
        use.usd = use.usd === undefined || usd === undefined ? undefined : use.usd + usd / assigned.length
        use.devices.add(key)
        uses.set(target, use)
      }
    }
  }
  return uses
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** As many rows as were asked for may be fewer than there are. */
function assertWhole(what: string, rows: readonly unknown[], limit: number): void {
  if (rows.length >= limit) throw metricsErrors.ANSWER_TOO_LARGE({ what, limit })
}

/** Operators only: the price of nodes belongs to no project. @throws METRICS_OPERATOR_ONLY, METRICS_QUESTION_INVALID, METRICS_ANSWER_TOO_LARGE */
export async function askTrueCost(
  parts: { readonly client: AnalyticsClient; readonly engine: RequestEngine; readonly clock: Clock; readonly scope: Scope },
  question: TrueCostQuestion,
  signal?: AbortSignal,
): Promise<TrueCost> {
  const { client, scope, clock } = parts
  if (scope.kind !== 'all') throw metricsErrors.OPERATOR_ONLY({ what: 'what tokens really cost' })
  const window = resolveWindow(parseQuery(trueCostSchema, question).window, clock.nowMs())
  const params = { from_ms: Math.floor(window.fromUnixMs), to_ms: Math.ceil(window.toUnixMs), row_limit: metricsLimits.trueCostRows }
  const before = 'time < fromUnixTimestamp64Milli({to_ms:Int64}) ORDER BY time LIMIT {row_limit:UInt32}'
  const what = 'computing what tokens really cost'
  const at = 'toUnixTimestamp64Milli(time) AS at_ms'
  const [placeRows, priceRows, sampleRows, answers] = await Promise.all([
    client.query(
      {
        what,
        params,
        sql: `SELECT target_id, cluster_name, node_name, device_id, removed, ${at} FROM target_devices FINAL WHERE ${before}`,
      },
      signal,
    ),
    client.query(
      {
        what,
        params,
        sql: `SELECT cluster_name, node_name, toFloat64(usd_per_hour) AS usd_per_hour, devices, ${at} FROM node_prices FINAL WHERE ${before}`,
      },
      signal,
    ),
    client.query(
      {
        what,
        params,
        sql: `SELECT cluster_name, node_name, device_id, avg(toFloat64(utilisation)) AS utilisation FROM device_samples WHERE time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64}) GROUP BY cluster_name, node_name, device_id LIMIT {row_limit:UInt32}`,
      },
      signal,
    ),
    askMany(
      parts,
      [{ measure: ['requests', 'inputTokens', 'outputTokens', 'costUsd'], groupBy: ['targetId'], window, limit: metricsLimits.groups }],
      signal,
    ),
  ])
  const targets = answers[0]?.rows ?? []
  assertWhole('assignments of devices', placeRows, metricsLimits.trueCostRows)
  assertWhole('prices of nodes', priceRows, metricsLimits.trueCostRows)
  assertWhole('devices with samples', sampleRows, metricsLimits.trueCostRows)
  assertWhole('targets with requests', targets, metricsLimits.groups)
  const uses = allocateDevices(z.array(placeSchema).parse(placeRows), z.array(priceSchema).parse(priceRows), window)
  const busy = new Map(
    z
      .array(sampleSchema)
      .parse(sampleRows)
      .map((row) => [deviceKey(row), row.utilisation]),
  )
  const served = new Map(targets.map((row) => [row.group.targetId ?? '', row.values]))
  const rows = [...uses].map(([targetId, use]): TrueCostRow => {
    const values = served.get(targetId)
    const tokens = (values?.inputTokens ?? 0) + (values?.outputTokens ?? 0)
    const nodeUsd = use.usd ?? null
    const utilisation = mean([...use.devices].map((key) => busy.get(key)).filter((value) => typeof value === 'number'))
    return {
      targetId,
      requests: values?.requests ?? 0,
      tokens,
      deviceHours: use.deviceHours,
      nodeUsd,
      utilisation,
      idleUsd: nodeUsd === null || utilisation === null ? null : nodeUsd * (1 - utilisation),
      usdPerMillionTokens: nodeUsd === null || tokens === 0 ? null : (nodeUsd / tokens) * 1_000_000,
      chargedUsd: values?.costUsd ?? null,
    }
  })
  rows.sort((left, right) => (right.nodeUsd ?? 0) - (left.nodeUsd ?? 0) || (left.targetId < right.targetId ? -1 : 1))
  return { ...window, rows }
}
