/** Device samples as rows of the table `device_samples`. */
import { deviceEventSchema } from '@bud-foundry/core'
import { z } from 'zod'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'

const wholeOrNull = (value: number | undefined): number | null =>
  value === undefined ? null : Math.min(Math.round(value), Number.MAX_SAFE_INTEGER)

/** A sample of a device as metrics stores it: what scraped exporters tell beyond core's event. */
export const storedDeviceSchema = deviceEventSchema.extend({
  namespace: z.string().optional(),
  podName: z.string().optional(),
  memoryUtilisation: z.number().min(0).max(1).optional(),
  coreAllocatedShare: z.number().nonnegative().optional(),
  memoryAllocatedBytes: z.number().nonnegative().optional(),
  sharedContainers: z.number().nonnegative().optional(),
  coreClockMhz: z.number().nonnegative().optional(),
  memoryClockMhz: z.number().nonnegative().optional(),
  source: z.string().optional(),
})

export type StoredDeviceSample = Readonly<z.infer<typeof storedDeviceSchema>>

export const deviceTable: EventTable<StoredDeviceSample> = {
  kind: 'device-sample',
  table: 'device_samples',
  partitionColumn: 'cluster_name',
  partitionOf: ({ clusterName }) => toTextCell(clusterName),
  columns: [
    'cluster_name',
    'node_name',
    'device_id',
    'time',
    'id',
    'id_text',
    'hardware_id',
    'utilisation',
    'memory_used_bytes',
    'memory_total_bytes',
    'power_watts',
    'temperature_celsius',
    'namespace',
    'pod_name',
    'memory_utilisation',
    'core_allocated_share',
    'memory_allocated_bytes',
    'shared_containers',
    'core_clock_mhz',
    'memory_clock_mhz',
    'source',
  ],
  toCells: (event) => [
    toTextCell(event.clusterName),
    toTextCell(event.nodeName),
    toTextCell(event.deviceId),
    toTimeCell(event.timeUnixMs),
    toEventKey(event.id),
    toTextCell(toEventIdText(event.id)),
    toTextCell(event.hardwareId),
    event.utilisation ?? null,
    wholeOrNull(event.memoryUsedBytes),
    wholeOrNull(event.memoryTotalBytes),
    event.powerWatts ?? null,
    event.temperatureCelsius ?? null,
    toTextCell(event.namespace),
    toTextCell(event.podName),
    event.memoryUtilisation ?? null,
    event.coreAllocatedShare ?? null,
    wholeOrNull(event.memoryAllocatedBytes),
    wholeOrNull(event.sharedContainers),
    event.coreClockMhz ?? null,
    event.memoryClockMhz ?? null,
    toTextCell(event.source),
  ],
  schema: storedDeviceSchema,
}
