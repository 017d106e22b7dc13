'use client'
/** The models that the server offers. */
import type { ModelInfo } from '../client/wire.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export function useModels(): LoadedResource<readonly ModelInfo[]> {
  return useResource({ key: 'models', load: (client, signal) => client.models({ signal }), refreshMs: 30_000 })
}
