/** API keys: generation, hashing as Bud does, comparison in constant time. */
import { hash, timingSafeEqual } from 'node:crypto'
import { createSecret, type Secret } from '../config/secret.ts'
import { coreLimits } from '../limits.ts'
import type { Random } from '../random/random.ts'

/** A new key and what is kept of it. */
export interface ApiKey {
  /** `bud_` and 52 characters; show it once, store the hash. */
  readonly key: Secret
  /** What is stored and looked up: see `hashApiKey`. */
  readonly hash: string
  /** The first characters, to tell keys apart in a list. Not secret: 30 of the key's 256 bits. */
  readonly prefix: string
}

const keyPrefix = 'bud_'
const prefixRandomChars = 6
// Crockford's base 32 (https://www.crockford.com/base32.html) in lower case: no letter that is read as another, selected whole by a double click.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet.charAt((held >>> bits) & 31)
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet.charAt((held << (5 - bits)) & 31)
}

/** A key with 256 bits of randomness. Pass `systemRandom`: a seeded source makes keys that anyone can guess, and is for tests only. */
export function generateApiKey(random: Random): ApiKey {
  const key = keyPrefix + toBase32(random.bytes(coreLimits.apiKeyRandomBytes))
  return { key: createSecret(key), hash: hashApiKey(key), prefix: key.slice(0, keyPrefix.length + prefixRandomChars) }
}

/**
 * 64 lower-case hex characters: SHA-256 of `bud-` and the key. Bud's services store and look keys up by the same hash.
 * A fast hash is right here: the keys are random, so there is nothing to guess.
 */
export function hashApiKey(key: Secret | string): string {
  return hash('sha256', `bud-${typeof key === 'string' ? key : key.reveal()}`, 'hex')
}

/** Whether the key has this hash, in time that does not depend on where they differ. False for a hash that is none. */
export function isApiKey(key: Secret | string, expectedHash: string): boolean {
  const actual = Buffer.from(hashApiKey(key))
  const expected = Buffer.from(expectedHash)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}
