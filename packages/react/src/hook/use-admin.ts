'use client'
/** Lists of the administrative routes, and the client that changes them. */
import { useMemo } from 'react'
import { createAdminClient, type AdminAnswer, type AdminClient, type AdminInput, type AdminOperationName } from '../client/admin-client.ts'
import { useBudClient } from './bud-context.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export function useAdminClient(): AdminClient {
  const client = useBudClient()
  return useMemo(() => createAdminClient(client), [client])
}

export interface UseAdminOptions {
  /** Default 20 s. */
  readonly refreshMs?: number | undefined
}

/** The answer of an operation that only reads. */
export function useAdmin<Name extends AdminOperationName>(
  name: Name,
  input: AdminInput<Name>,
  { refreshMs = 20_000 }: UseAdminOptions = {},
): LoadedResource<AdminAnswer<Name>> {
  return useResource({
    key: `admin:${name}:${JSON.stringify(input)}`,
    load: (client, signal) => createAdminClient(client).call(name, input, { signal }),
    refreshMs,
  })
}
