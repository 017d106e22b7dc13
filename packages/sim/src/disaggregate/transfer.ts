/** Moving a prompt's cache from the devices that computed it to those that go on with it. */
import type { ModelSpec } from '@bud-foundry/core'
import type { HardwareDescription } from '../hardware/hardware-registry.ts'
import { findNodeLink } from '../hardware/node-links.ts'
import { sequenceCacheBytes } from '../memory/kv-cache.ts'
import type { ServingSettings } from '../settings.ts'

export interface CacheTransfer {
  /** What leaves the fullest device of the prefill replica. */
  readonly bytesPerDevice: number
  readonly seconds: number
  /** Of one device, the slower end. */
  readonly bandwidthBytesPerSecond: number
  readonly link: string
}

/** Share of a link that large transfers reach: assumed, none was measured; give the bandwidth that you measured instead. */
const linkShare = 0.8

interface End {
  readonly hardware: HardwareDescription
  readonly settings: ServingSettings
}

/**
 * Bytes of the prompt's cache over the slower of both ends, after it is computed: every device of a replica sends and receives its share at
 * once (vLLM's NixlConnector). A split that holds fewer copies on one end than on the other is limited by the fuller one.
 */
export function transferCache(
  model: ModelSpec,
  ends: { readonly from: End; readonly to: End; readonly bandwidthBytesPerSecond: number | undefined },
  promptTokens: number,
): CacheTransfer {
  const { from, to } = ends
  const links = [from, to].map(({ hardware, settings }) => {
    const link = findNodeLink(hardware)
    const bandwidth = ends.bandwidthBytesPerSecond ?? link.bandwidthBytesPerSecond
    const bytes = sequenceCacheBytes(model, settings, promptTokens)
    return { bytes, bandwidth, kind: ends.bandwidthBytesPerSecond === undefined ? link.kind : 'given', latency: link.latencySeconds }
  })
  const [sends, receives] = links
  if (sends === undefined || receives === undefined) return { bytesPerDevice: 0, seconds: 0, bandwidthBytesPerSecond: 0, link: '' }
  const slower = sends.bytes / sends.bandwidth >= receives.bytes / receives.bandwidth ? sends : receives
  return {
    bytesPerDevice: sends.bytes,
    seconds: slower.latency + slower.bytes / (slower.bandwidth * linkShare),
    bandwidthBytesPerSecond: slower.bandwidth,
    link: slower.kind,
  }
}
