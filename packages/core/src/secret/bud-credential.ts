/** Reads credentials as Bud's services store them: RSA (OAEP with SHA-256, or PKCS#1 v1.5), written as hex or base64. */
import { constants, privateDecrypt, type KeyObject } from 'node:crypto'
import { createSecret, type Secret } from '../config/secret.ts'
import { coreErrors } from '../error/core-errors.ts'
import { parsePrivateKey, type PrivateKeySource } from './private-key.ts'

const hex = /^[0-9a-f]+$/i
const base64 = /^[A-Za-z0-9+/]+={0,2}$/
const rsaBitsMin = 2048
// Whatever follows a failed OAEP must look like a credential. Node answers bad PKCS#1 v1.5 padding with random bytes instead of an
// error (implicit rejection, against padding oracles); eight or more printable characters, and nothing else, come out of those about twice in a million.
const printable = /^[\x20-\x7e]{8,}$/

function toBytes(ciphertext: string): Buffer {
  const text = ciphertext.trim()
  if (hex.test(text) && text.length % 2 === 0) return Buffer.from(text, 'hex')
  if (base64.test(text)) return Buffer.from(text, 'base64')
  throw coreErrors.CREDENTIAL_UNREADABLE({ reason: 'it is neither hex nor base64; copy it whole' })
}

function decryptOaep(key: KeyObject, bytes: Buffer): string | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes).toString('utf8')
  } catch {
    return undefined
  }
}

function decryptPkcs1(key: KeyObject, bytes: Buffer): string {
  let text: string
  try {
    text = privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, bytes).toString('utf8')
  } catch (cause) {
    throw coreErrors.CREDENTIAL_UNREADABLE(
      {
        reason:
          'it does not open with OAEP-SHA256, nor with PKCS#1 v1.5 (which Node refuses where its OpenSSL lacks implicit rejection); use the key it was encrypted with, or encrypt it again with OAEP',
      },
      { cause },
    )
  }
  if (printable.test(text)) return text
  throw coreErrors.CREDENTIAL_UNREADABLE({
    reason: 'it opens neither with OAEP-SHA256 nor with PKCS#1 v1.5; use the key it was encrypted with',
  })
}

/**
 * The plain credential. All-hex text is read as hex, other text as base64.
 * @throws CORE_PRIVATE_KEY_INVALID, or CORE_CREDENTIAL_UNREADABLE when the text is damaged or belongs to another key.
 */
export function openBudCredential(ciphertext: string, key: PrivateKeySource): Secret {
  const privateKey = parsePrivateKey(key, 'bud', rsaBitsMin)
  const bytes = toBytes(ciphertext)
  const keyBytes = (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  if (bytes.length !== keyBytes) {
    throw coreErrors.CREDENTIAL_UNREADABLE({
      reason: `it has ${String(bytes.length)} bytes where the key needs ${String(keyBytes)}; copy it whole, or use the key it was encrypted with`,
    })
  }
  return createSecret(decryptOaep(privateKey, bytes) ?? decryptPkcs1(privateKey, bytes))
}
