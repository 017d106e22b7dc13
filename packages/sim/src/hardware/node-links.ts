/** The links between servers, of one device in one direction. */
import type { HardwareProfile } from '@bud-foundry/core'
import type { Citation } from './hardware-registry.ts'
import table from './profiles/node-links.json' with { type: 'json' }

export interface NodeLink {
  readonly kind: string
  /** Of one device in one direction; an assumed card is shared by the server's devices. */
  readonly bandwidthBytesPerSecond: number
  readonly latencySeconds: number
  readonly source: Citation
}

const sources: Readonly<Record<string, Citation>> = table.sources

/** The usual link of servers with such devices; an assumed Ethernet card where none is known, whose source says so. */
export function findNodeLink(hardware: Pick<HardwareProfile, 'id' | 'devicesPerNode'>): NodeLink {
  const known = table.links.find(({ hardwareIds }) => hardwareIds.includes(hardware.id))
  const { kind, bandwidthBytesPerSecond, source } = known ?? table.assumed
  return {
    kind,
    bandwidthBytesPerSecond: known === undefined ? bandwidthBytesPerSecond / hardware.devicesPerNode : bandwidthBytesPerSecond,
    latencySeconds: table.latencySeconds.value,
    source: sources[source] ?? table.sources.assumed,
  }
}

/** Devices that the link inside a server reaches: those of a whole rack where servers share one NVLink domain (72 in GB200 NVL72). */
export const linkedDevices = (hardware: Pick<HardwareProfile, 'id' | 'devicesPerNode'>): number =>
  table.links.find(({ hardwareIds }) => hardwareIds.includes(hardware.id))?.linkedDevices ?? hardware.devicesPerNode
