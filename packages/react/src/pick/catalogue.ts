'use client'
/** What the simulator knows: models by name, hardware with its numbers. */
import type { BudClient } from '../client/client.ts'
import { consoleOperations } from '../client/generated/console-operations.ts'
import { readFields, readList, readNumber, readText } from '../client/read.ts'
import { useResource, type LoadedResource } from '../hook/use-resource.ts'

export interface KnownHardware {
  readonly id: string
  readonly name: string
  readonly vendor: string
  readonly memoryBytes: number
  readonly memoryBandwidthBytesPerSecond: number
}

export interface SimCatalogue {
  /** Hugging Face names. */
  readonly models: readonly string[]
  readonly hardware: readonly KnownHardware[]
}

/** Models and hardware that plans can be made for. Rejects with a BudClientError. */
export async function readSimCatalogue(client: BudClient, signal?: AbortSignal): Promise<SimCatalogue> {
  const fields = readFields(await client.call({ address: consoleOperations.simCatalogue }, { signal }), 'catalogue')
  return {
    models: readList(fields['models'], 'catalogue.models').map(String),
    hardware: readList(fields['hardware'], 'catalogue.hardware').map((item, index) => {
      const where = `catalogue.hardware[${String(index)}]`
      const each = readFields(item, where)
      return {
        id: readText(each, 'id', where),
        name: readText(each, 'name', where),
        vendor: readText(each, 'vendor', where),
        memoryBytes: readNumber(each, 'memoryBytes', where),
        memoryBandwidthBytesPerSecond: readNumber(each, 'memoryBandwidthBytesPerSecond', where),
      }
    }),
  }
}

/** Loaded once for the page. */
export function useSimCatalogue(): LoadedResource<SimCatalogue> {
  return useResource({ key: 'sim-catalogue', load: readSimCatalogue })
}
