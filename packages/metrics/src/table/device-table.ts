/** Device samples as rows of the table `device_samples`. */
import { deviceEventSchema, type DeviceEvent } from '@bud-foundry/core'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'

const wholeOrNull = (value: number | undefined): number | null =>
  value === undefined ? null : Math.min(Math.round(value), Number.MAX_SAFE_INTEGER)

export const deviceTable: EventTable<DeviceEvent> = {
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
  ],
  schema: deviceEventSchema,
}
