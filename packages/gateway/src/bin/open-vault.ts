/** Opens the credentials of the store with the master key that the command line names. */
import { createEnvelope } from '@bud-foundry/core/secret'
import type { SecretStore, Store } from '@bud-foundry/core'
import { isReference } from '../config-file/reference.ts'
import { gatewayErrors } from '../errors.ts'
import { createCredentialVault, type CredentialVault } from '../key/credential-vault.ts'

/** Stands in everything that is sealed, so that a key of another kind is told apart. */
export const masterKeyId = 'gateway-1'
const readMs = 5_000

export async function openVault(reference: string, store: Store, secrets: SecretStore): Promise<CredentialVault> {
  if (!isReference(reference)) {
    const problem = 'is not where the key is; write env:NAME or file:PATH, for a key on the command line is seen by everyone'
    throw gatewayErrors.OPTION_INVALID({ option: '--master-key', problem })
  }
  const privateKey = await secrets.read(reference, AbortSignal.timeout(readMs))
  try {
    const envelope = createEnvelope({ keys: [{ id: masterKeyId, privateKey }], activeKeyId: masterKeyId })
    return createCredentialVault({ store, envelope })
  } catch (error) {
    const problem = 'does not lead to a private key; make one with: bud-gateway master-key > FILE'
    throw gatewayErrors.OPTION_INVALID({ option: '--master-key', problem }, { cause: error })
  }
}
