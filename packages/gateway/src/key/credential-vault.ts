/** Credentials of upstream providers: sealed in the Store, used by name, never shown again. */
import { secretStoreErrors, systemClock, type Clock, type Secret, type SecretStore, type Store } from '@bud-foundry/core'
import type { Envelope } from '@bud-foundry/core/secret'
import { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import { credentialCount } from '../limits.ts'

const prefix = 'gateway/credentials/'
/** Starts what a target's `credential: { reference }` says. */
export const credentialReferencePrefix = 'credential:'

const namePattern = /^[\w.-]{1,128}$/
const storedSchema = z.strictObject({
  name: z.string().regex(namePattern),
  createdUnixMs: z.number().nonnegative(),
  updatedUnixMs: z.number().nonnegative(),
  sealed: z.base64(),
})
type Stored = z.infer<typeof storedSchema>

/** All that anyone gets to see of a credential. */
export interface CredentialRecord {
  readonly name: string
  readonly createdUnixMs: number
  /** When it was last replaced. */
  readonly updatedUnixMs: number
}

/** As a SecretStore it resolves `credential:NAME`, for the gateway that holds it; the administrator's door has no way to read. */
export interface CredentialVault extends SecretStore {
  /** Makes or replaces it. @throws GATEWAY_CREDENTIAL_NAME_INVALID, GATEWAY_KEY_LIMIT */
  put(name: string, secret: Secret): Promise<CredentialRecord>
  delete(name: string): Promise<boolean>
  list(): Promise<readonly CredentialRecord[]>
  /** Tells names that changed, in any process; undefined when any of them may have. */
  watch(onChange: (name: string | undefined) => void): Disposable
}

export interface CredentialVaultParts {
  readonly store: Store
  /** Seals what is stored: `createEnvelope` of `@bud-foundry/core/secret`. Every process of a gateway needs the same keys. */
  readonly envelope: Envelope
  readonly clock?: Clock | undefined
}

const shown = ({ name, createdUnixMs, updatedUnixMs }: Stored): CredentialRecord => ({ name, createdUnixMs, updatedUnixMs })

class StoreCredentialVault implements CredentialVault {
  readonly contract = 'secret-store/1'
  readonly #store: Store
  readonly #envelope: Envelope
  readonly #clock: Clock

  constructor({ store, envelope, clock = systemClock }: CredentialVaultParts) {
    this.#store = store
    this.#envelope = envelope
    this.#clock = clock
  }

  async put(name: string, secret: Secret): Promise<CredentialRecord> {
    if (!namePattern.test(name)) throw gatewayErrors.CREDENTIAL_NAME_INVALID({ name: name.slice(0, 200) })
    const key = prefix + name
    const sealed = Buffer.from(this.#envelope.sealSecret(secret, key)).toString('base64')
    for (;;) {
      const bytes = await this.#store.get(key)
      const before = bytes === undefined ? undefined : this.#decode(key, bytes)
      if (before === undefined) await this.#assertRoom()
      const nowMs = this.#clock.nowMs()
      const record: Stored = { name, createdUnixMs: before?.createdUnixMs ?? nowMs, updatedUnixMs: nowMs, sealed }
      if (await this.#store.compareAndSet(key, bytes, Buffer.from(JSON.stringify(record)))) return shown(record)
    }
  }

  delete(name: string): Promise<boolean> {
    return this.#store.delete(prefix + name)
  }

  async list(): Promise<readonly CredentialRecord[]> {
    const records: CredentialRecord[] = []
    for await (const key of this.#store.list(prefix)) {
      const bytes = await this.#store.get(key)
      if (bytes !== undefined) records.push(shown(this.#decode(key, bytes)))
    }
    return records
  }

  async read(reference: string, signal: AbortSignal): Promise<Secret> {
    signal.throwIfAborted()
    const name = reference.startsWith(credentialReferencePrefix) ? reference.slice(credentialReferencePrefix.length) : reference
    const key = prefix + name
    const bytes = await this.#store.get(key)
    if (bytes === undefined)
      throw secretStoreErrors.SECRET_NOT_FOUND({ reference, fix: 'store it with putCredential, or correct the name' })
    return this.#envelope.openSecret(Buffer.from(this.#decode(key, bytes).sealed, 'base64'), key)
  }

  watch(onChange: (name: string | undefined) => void): Disposable {
    return this.#store.subscribe(prefix, (change) => {
      onChange(change.kind === 'resync' ? undefined : change.key.slice(prefix.length))
    })
  }

  async #assertRoom(): Promise<void> {
    let count = 0
    for await (const _ of this.#store.list(prefix)) count += 1
    if (count >= credentialCount) throw gatewayErrors.KEY_LIMIT({ what: 'credentials', limit: credentialCount })
  }

  #decode(key: string, bytes: Uint8Array): Stored {
    try {
      return storedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (error) {
      throw gatewayErrors.KEY_RECORD_INVALID({ what: 'credential', key }, { cause: error })
    }
  }
}

/** Credentials in a store. */
export function createCredentialVault(parts: CredentialVaultParts): CredentialVault {
  return new StoreCredentialVault(parts)
}

/** References `credential:NAME` lead to the vault, all others to the store of secrets. */
export function joinSecrets(secrets: SecretStore | undefined, vault: CredentialVault | undefined): SecretStore | undefined {
  if (vault === undefined) return secrets
  return {
    contract: 'secret-store/1',
    read: (reference, signal) => {
      if (secrets === undefined || reference.startsWith(credentialReferencePrefix)) return vault.read(reference, signal)
      return secrets.read(reference, signal)
    },
  }
}
