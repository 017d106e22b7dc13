/** Encryption at rest: every secret under its own AES-256-GCM key, which is wrapped by RSA-4096 (OAEP, SHA-256) from a key ring. */
import { constants, createCipheriv, createDecipheriv, createPublicKey, generateKeyPair, privateDecrypt, publicEncrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { createSecret, type Secret } from '../config/secret.ts'
import { coreErrors } from '../error/core-errors.ts'
import { coreLimits } from '../limits.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { encodeEnvelope, envelopeVersion, isEnvelopeKeyId, nonceBytes, parseEnvelope, tagBytes } from './envelope-format.ts'
import { parsePrivateKey, type PrivateKeySource } from './private-key.ts'

const dataKeyBytes = 32
const rsaBits = 4096

/** One key of the ring. */
export interface EnvelopeKey extends PrivateKeySource {
  /** 1 to 64 letters, digits, `.`, `_` or `-`; written into everything sealed with it, so never use one again for another key. */
  readonly id: string
}

/** Seals and opens secrets. */
export interface Envelope {
  /** Encrypts with the active key. `context` names what the secret belongs to (a record's id): opening needs the same, so that sealed bytes cannot be moved elsewhere. */
  seal(plain: Uint8Array, context: string): Uint8Array
  /** @throws CORE_ENVELOPE_TAMPERED, CORE_ENVELOPE_TRUNCATED, CORE_ENVELOPE_KEY_UNKNOWN or CORE_ENVELOPE_UNREADABLE. */
  open(sealed: Uint8Array, context: string): Uint8Array
  /** `seal` and `open` for text. */
  sealSecret(secret: Secret, context: string): Uint8Array
  openSecret(sealed: Uint8Array, context: string): Secret
  /** The same secret under the active key; only the wrapped key changes. Returns its argument when that key sealed it already. */
  rewrap(sealed: Uint8Array): Uint8Array
  /** Which key sealed it. */
  keyIdOf(sealed: Uint8Array): string
}

interface RingKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

// Binds the wrapped key to format and key id; the payload binds format and context, so that a rewrap need not touch it.
const label = (keyId: string) => Buffer.from(`bud-envelope/${String(envelopeVersion)}/${keyId}`)
const additionalData = (context: string) => Buffer.from(`bud-envelope/${String(envelopeVersion)}/${context}`)

const oaep = (keyId: string) => ({ padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: label(keyId) })

function buildRing(keys: readonly EnvelopeKey[], activeKeyId: string): ReadonlyMap<string, RingKey> {
  const ring = new Map<string, RingKey>()
  if (keys.length > coreLimits.envelopeKeysMax) {
    throw coreErrors.PRIVATE_KEY_INVALID({
      keyId: activeKeyId,
      reason: `the ring has ${String(keys.length)} keys, more than ${String(coreLimits.envelopeKeysMax)}`,
    })
  }
  for (const key of keys) {
    if (!isEnvelopeKeyId(key.id)) {
      throw coreErrors.PRIVATE_KEY_INVALID({ keyId: key.id, reason: `its id must be 1 to 64 letters, digits, '.', '_' or '-'` })
    }
    if (ring.has(key.id)) throw coreErrors.PRIVATE_KEY_INVALID({ keyId: key.id, reason: 'its id appears twice in the ring' })
    const privateKey = parsePrivateKey(key, key.id, rsaBits)
    ring.set(key.id, { privateKey, publicKey: createPublicKey(privateKey) })
  }
  return ring
}

class KeyRingEnvelope implements Envelope {
  readonly #ring: ReadonlyMap<string, RingKey>
  readonly #activeKeyId: string
  readonly #activeKey: RingKey
  readonly #random: Random

  constructor(ring: ReadonlyMap<string, RingKey>, activeKeyId: string, random: Random) {
    const activeKey = ring.get(activeKeyId)
    if (activeKey === undefined) throw coreErrors.ENVELOPE_KEY_UNKNOWN({ keyId: activeKeyId, known: [...ring.keys()] })
    this.#ring = ring
    this.#activeKeyId = activeKeyId
    this.#activeKey = activeKey
    this.#random = random
  }

  seal(plain: Uint8Array, context: string): Uint8Array {
    if (plain.length > coreLimits.envelopePlainBytesMax) {
      throw coreErrors.ENVELOPE_TOO_LARGE({ bytes: plain.length, limitBytes: coreLimits.envelopePlainBytesMax })
    }
    const dataKey = this.#random.bytes(dataKeyBytes)
    // Random nonces are safe: every data key encrypts once.
    const nonce = this.#random.bytes(nonceBytes)
    try {
      const cipher = createCipheriv('aes-256-gcm', dataKey, nonce, { authTagLength: tagBytes })
      cipher.setAAD(additionalData(context))
      const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
      return encodeEnvelope({ keyId: this.#activeKeyId, wrappedKey: this.#wrap(dataKey), nonce, ciphertext, tag: cipher.getAuthTag() })
    } finally {
      dataKey.fill(0)
    }
  }

  open(sealed: Uint8Array, context: string): Uint8Array {
    const parts = parseEnvelope(sealed)
    const dataKey = this.#unwrap(parts.keyId, parts.wrappedKey)
    try {
      const decipher = createDecipheriv('aes-256-gcm', dataKey, parts.nonce, { authTagLength: tagBytes })
      decipher.setAAD(additionalData(context))
      decipher.setAuthTag(parts.tag)
      return Buffer.concat([decipher.update(parts.ciphertext), decipher.final()])
    } catch (cause) {
      throw coreErrors.ENVELOPE_TAMPERED({ keyId: parts.keyId }, { cause })
    } finally {
      dataKey.fill(0)
    }
  }

  sealSecret(secret: Secret, context: string): Uint8Array {
    return this.seal(Buffer.from(secret.reveal()), context)
  }

  openSecret(sealed: Uint8Array, context: string): Secret {
    return createSecret(new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.open(sealed, context)))
  }

  rewrap(sealed: Uint8Array): Uint8Array {
    const parts = parseEnvelope(sealed)
    if (parts.keyId === this.#activeKeyId) return sealed
    const dataKey = this.#unwrap(parts.keyId, parts.wrappedKey)
    try {
      return encodeEnvelope({ ...parts, keyId: this.#activeKeyId, wrappedKey: this.#wrap(dataKey) })
    } finally {
      dataKey.fill(0)
    }
  }

  keyIdOf(sealed: Uint8Array): string {
    return parseEnvelope(sealed).keyId
  }

  #wrap(dataKey: Uint8Array): Uint8Array {
    return publicEncrypt({ key: this.#activeKey.publicKey, ...oaep(this.#activeKeyId) }, dataKey)
  }

  #unwrap(keyId: string, wrappedKey: Uint8Array): Uint8Array {
    const key = this.#ring.get(keyId)
    if (key === undefined) throw coreErrors.ENVELOPE_KEY_UNKNOWN({ keyId, known: [...this.#ring.keys()] })
    try {
      const dataKey = privateDecrypt({ key: key.privateKey, ...oaep(keyId) }, wrappedKey)
      if (dataKey.length === dataKeyBytes) return dataKey
    } catch (cause) {
      throw coreErrors.ENVELOPE_TAMPERED({ keyId }, { cause })
    }
    throw coreErrors.ENVELOPE_TAMPERED({ keyId })
  }
}

/**
 * Opens what any key of the ring sealed, and seals with the active one. To rotate: add a key, make it active, `rewrap` what is stored, remove the old key.
 * @throws CORE_PRIVATE_KEY_INVALID for a key under 4096 bits, a bad or repeated id; CORE_ENVELOPE_KEY_UNKNOWN when the active key is not in the ring.
 */
export function createEnvelope(options: {
  readonly keys: readonly EnvelopeKey[]
  readonly activeKeyId: string
  /** The system's when absent; pass another only in tests. */
  readonly random?: Random
}): Envelope {
  return new KeyRingEnvelope(buildRing(options.keys, options.activeKeyId), options.activeKeyId, options.random ?? systemRandom)
}

/** A new RSA-4096 key as PKCS#8 PEM. Takes up to some seconds, off the main thread. */
export async function generateEnvelopeKey(id: string): Promise<EnvelopeKey> {
  if (!isEnvelopeKeyId(id))
    throw coreErrors.PRIVATE_KEY_INVALID({ keyId: id, reason: `its id must be 1 to 64 letters, digits, '.', '_' or '-'` })
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: rsaBits,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { id, privateKey: createSecret(privateKey) }
}
