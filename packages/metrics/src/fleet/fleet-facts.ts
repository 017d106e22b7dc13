/** What nodes cost and which devices serve which target: what the true cost of tokens is computed from. */
import { createHash } from 'node:crypto'
import { resolveConfig } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsLimits } from '../limits.ts'
import { toTextCell, toTimeCell } from '../table/cell.ts'

const name = z.string().min(1).max(metricsLimits.filterValueLength)
const timeUnixMs = z.number().min(0).max(metricsLimits.eventTimeUnixMsMax)

export const nodePricesSchema = z
  .array(
    z.strictObject({
      clusterName: name,
      nodeName: name,
      /** From when on it holds, until the next price of the node. */
      timeUnixMs,
      /** Of the whole node. */
      usdPerHour: z.number().min(0).max(1_000_000),
      /** That the price is divided by. */
      devices: z.int().min(1).max(1_024),
      instanceType: z.string().max(metricsLimits.filterValueLength).default(''),
    }),
  )
  .min(1)
  .max(metricsLimits.batchRows)

export const targetDevicesSchema = z
  .array(
    z.strictObject({
      targetId: name,
      /** From when on. */
      timeUnixMs,
      clusterName: name,
      nodeName: name,
      deviceId: name,
      deploymentName: z.string().max(metricsLimits.filterValueLength).default(''),
      /** True: from then on it serves the target no longer. */
      removed: z.boolean().default(false),
    }),
  )
  .min(1)
  .max(metricsLimits.batchRows)

/** What a node costs from an instant on; a second one of the same instant replaces the first. */
export type NodePrice = Readonly<z.input<typeof nodePricesSchema>[number]>
/** A device that serves a target from an instant on; a second one of the same instant replaces the first. */
export type TargetDevice = Readonly<z.input<typeof targetDevicesSchema>[number]>

async function insert(client: AnalyticsClient, table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) {
  const lines = rows.map((row) => JSON.stringify(row))
  await client.insert({ table, columns, lines, token: createHash('sha256').update(lines.join('\n')).digest('hex') })
}

/** @throws CORE_CONFIG_INVALID naming what is wrong with which entry */
export async function storeNodePrices(client: AnalyticsClient, input: readonly NodePrice[]): Promise<number> {
  const prices = resolveConfig('node prices', nodePricesSchema, input)
  const columns = ['cluster_name', 'node_name', 'time', 'usd_per_hour', 'devices', 'instance_type']
  const rows = prices.map((price) => [
    toTextCell(price.clusterName),
    toTextCell(price.nodeName),
    toTimeCell(price.timeUnixMs),
    price.usdPerHour.toFixed(6),
    price.devices,
    toTextCell(price.instanceType),
  ])
  await insert(client, 'node_prices', columns, rows)
  return rows.length
}

/** @throws CORE_CONFIG_INVALID naming what is wrong with which entry */
export async function storeTargetDevices(client: AnalyticsClient, input: readonly TargetDevice[]): Promise<number> {
  const devices = resolveConfig('target devices', targetDevicesSchema, input)
  const columns = ['target_id', 'time', 'cluster_name', 'node_name', 'device_id', 'deployment_name', 'removed']
  const rows = devices.map((device) => [
    toTextCell(device.targetId),
    toTimeCell(device.timeUnixMs),
    toTextCell(device.clusterName),
    toTextCell(device.nodeName),
    toTextCell(device.deviceId),
    toTextCell(device.deploymentName),
    device.removed,
  ])
  await insert(client, 'target_devices', columns, rows)
  return rows.length
}
