/** Adds to every event what address and user agent tell of the caller. */
import type { StageFactory } from '../governance/stage-factory.ts'
import type { Stage, StageRequest } from '../governance/stage.ts'
import { createClientInfoReader, type ClientInfoReader, type GeoLookup } from './client-info.ts'

class ClientInfoStage implements Stage {
  readonly id = 'client-info'
  readonly #reader: ClientInfoReader

  constructor(geo: GeoLookup | undefined) {
    this.#reader = createClientInfoReader(geo)
  }

  onArrival(request: StageRequest): undefined {
    const info = this.#reader.read({ address: request.clientAddress, userAgent: request.header('user-agent') })
    request.note(info.facts)
    if (info.clientName !== undefined) request.addTag('clientName', info.clientName)
    if (info.clientVersion !== undefined) request.addTag('clientVersion', info.clientVersion)
    return undefined
  }
}

export const clientInfoStage: StageFactory = {
  id: 'client-info',
  create: (config, kit, previous) => {
    if (!config.clientInfo) return undefined
    return previous instanceof ClientInfoStage ? previous : new ClientInfoStage(kit.geo)
  },
}
