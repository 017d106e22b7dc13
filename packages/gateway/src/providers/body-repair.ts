/** What a provider may have beside the contract of core: mending a body that would otherwise pass through byte for byte. */
import type { DroppedField, Target } from '@bud-foundry/core'

export interface RepairsBodies {
  /**
   * The body in the provider's own dialect without what the upstream is known to refuse; the same bytes, nearly always. Reports what it left out.
   * Throws GATEWAY_NOT_EXPRESSIBLE where the target's policy leaves nothing out.
   */
  repairBody(body: Uint8Array, target: Target, onDrop: (dropped: DroppedField) => void): Uint8Array
}
