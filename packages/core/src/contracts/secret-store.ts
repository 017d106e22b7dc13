/** Resolves references to secrets. */
import type { Secret } from '../config/secret.ts'

/** Where secrets are kept. */
export interface SecretStore {
  readonly contract: 'secret-store/1'
  read(reference: string, signal: AbortSignal): Promise<Secret>
}
