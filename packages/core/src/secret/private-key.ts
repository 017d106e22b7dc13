/** Reads RSA private keys, and says what is wrong with one without repeating it. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Secret } from '../config/secret.ts'
import { coreErrors } from '../error/core-errors.ts'

/** A private key as it is configured. */
export interface PrivateKeySource {
  /** PEM: PKCS#1, PKCS#8, or encrypted PKCS#8. */
  readonly privateKey: Secret
  /** Of an encrypted key. */
  readonly passphrase?: Secret | undefined
}

/** @throws CORE_PRIVATE_KEY_INVALID for anything but an RSA key of at least `bitsMin` bits that opens with the passphrase. */
export function parsePrivateKey(source: PrivateKeySource, keyId: string, bitsMin: number): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: source.privateKey.reveal(), format: 'pem', passphrase: source.passphrase?.reveal() })
  } catch {
    // The cause is dropped on purpose: OpenSSL's errors may quote their input.
    const reason =
      source.passphrase === undefined
        ? 'it is not PEM, or it is encrypted and has no passphrase'
        : 'it is not PEM, or the passphrase is wrong'
    throw coreErrors.PRIVATE_KEY_INVALID({ keyId, reason })
  }
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (key.asymmetricKeyType !== 'rsa' || bits === undefined) {
    throw coreErrors.PRIVATE_KEY_INVALID({ keyId, reason: `it is a key of type ${String(key.asymmetricKeyType)}, not RSA` })
  }
  if (bits < bitsMin) {
    throw coreErrors.PRIVATE_KEY_INVALID({ keyId, reason: `it has ${String(bits)} bits, fewer than the ${String(bitsMin)} required` })
  }
  return key
}
