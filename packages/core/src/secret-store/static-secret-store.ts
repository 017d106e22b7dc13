/** A SecretStore of secrets that are at hand already, by name. */
import { createSecret, type Secret } from '../config/secret.ts'
import type { SecretStore } from '../contracts/secret-store.ts'
import { coreErrors } from '../error/core-errors.ts'
import { secretStoreErrors } from './secret-store-errors.ts'

/** References are the names in `secrets`. Reading an unknown one throws CORE_SECRET_NOT_FOUND. */
export function createStaticSecretStore(secrets: Readonly<Record<string, string>>): SecretStore {
  const byName = new Map(Object.entries(secrets).map(([name, plain]): [string, Secret] => [name, createSecret(plain)]))
  return {
    contract: 'secret-store/1',
    read: async (reference, signal) => {
      if (signal.aborted) throw coreErrors.ABORTED({ what: 'reading a secret' }, { cause: signal.reason })
      const secret = byName.get(reference)
      if (secret === undefined) throw secretStoreErrors.SECRET_NOT_FOUND({ reference, fix: 'add it, or correct the name' })
      return secret
    },
  }
}
