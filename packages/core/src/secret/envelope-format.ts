/**
 * The bytes of a sealed secret, version 1, numbers big-endian:
 * magic `BUDE` · version u8 · key id length u8 · key id · wrapped data key length u16 · wrapped data key · nonce 12 · ciphertext length u32 · ciphertext · tag 16.
 */
import { coreErrors } from '../error/core-errors.ts'
import { coreLimits } from '../limits.ts'

/** Written into every envelope; readers refuse others. */
export const envelopeVersion = 1
/** Of AES-GCM (NIST SP 800-38D §5.2.1.1: 96 bits). */
export const nonceBytes = 12
/** The full tag of AES-GCM, 128 bits. */
export const tagBytes = 16
const magic = 'BUDE'
const keyIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The variable fields of an envelope. */
export interface EnvelopeParts {
  readonly keyId: string
  readonly wrappedKey: Uint8Array
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
}

/** Whether the text may name a key. */
export function isEnvelopeKeyId(id: string): boolean {
  return keyIdPattern.test(id)
}

/** The bytes of an envelope. */
export function encodeEnvelope(parts: EnvelopeParts): Uint8Array {
  const keyId = Buffer.from(parts.keyId, 'latin1')
  const lengths = Buffer.alloc(6)
  lengths.writeUInt16BE(parts.wrappedKey.length, 0)
  lengths.writeUInt32BE(parts.ciphertext.length, 2)
  return Buffer.concat([
    Buffer.from(magic, 'latin1'),
    Uint8Array.of(envelopeVersion, keyId.length),
    keyId,
    lengths.subarray(0, 2),
    parts.wrappedKey,
    parts.nonce,
    lengths.subarray(2),
    parts.ciphertext,
    parts.tag,
  ])
}

/** @throws CORE_ENVELOPE_UNREADABLE, CORE_ENVELOPE_TRUNCATED or CORE_ENVELOPE_TOO_LARGE, before any key is touched. */
export function parseEnvelope(sealed: Uint8Array): EnvelopeParts {
  if (sealed.length > coreLimits.envelopeBytesMax) {
    throw coreErrors.ENVELOPE_TOO_LARGE({ bytes: sealed.length, limitBytes: coreLimits.envelopeBytesMax })
  }
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  let offset = 0
  const take = (length: number): Buffer => {
    const end = offset + length
    if (end > bytes.length) throw coreErrors.ENVELOPE_TRUNCATED({ bytes: bytes.length, neededBytes: end })
    const part = bytes.subarray(offset, end)
    offset = end
    return part
  }
  if (take(magic.length).toString('latin1') !== magic) throw coreErrors.ENVELOPE_UNREADABLE({ reason: 'they do not start with BUDE' })
  const version = take(1).readUInt8()
  if (version !== envelopeVersion)
    throw coreErrors.ENVELOPE_UNREADABLE({ reason: `their format has version ${String(version)}; use a newer release` })
  const keyId = take(take(1).readUInt8()).toString('latin1')
  if (!isEnvelopeKeyId(keyId)) throw coreErrors.ENVELOPE_UNREADABLE({ reason: 'their key id is none' })
  const wrappedKey = take(take(2).readUInt16BE())
  const nonce = take(nonceBytes)
  const ciphertext = take(take(4).readUInt32BE())
  const tag = take(tagBytes)
  if (offset < bytes.length) throw coreErrors.ENVELOPE_UNREADABLE({ reason: `${String(bytes.length - offset)} bytes follow their end` })
  return { keyId, wrappedKey, nonce, ciphertext, tag }
}
