import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSecret, createSeededRandom, systemRandom } from '@bud-foundry/core'
import { generateApiKey, hashApiKey, isApiKey } from '@bud-foundry/core/api-key'

describe('API keys', () => {
  test('carry all 256 bits of their randomness, in 52 characters of the alphabet', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 8 + 1)
    const key = generateApiKey({ next: () => 0, bytes: () => bytes }).key.reveal()
    expect(key).toMatch(/^bud_[0-9abcdefghjkmnpqrstvwxyz]{52}$/)
    let number = 0n
    for (const char of key.slice(4)) number = number * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(char))
    expect((number >> 4n).toString(16).padStart(64, '0')).toBe(Buffer.from(bytes).toString('hex'))
  })

  test('never repeat from the system source, and repeat exactly from a seed', () => {
    const keys = Array.from({ length: 500 }, () => generateApiKey(systemRandom).key.reveal())
    expect(new Set(keys).size).toBe(500)
    expect(generateApiKey(createSeededRandom(7)).hash).toBe(generateApiKey(createSeededRandom(7)).hash)
  })

  test('hash as Bud does: SHA-256 of bud- and the key, in hex', () => {
    // printf 'bud-bud_client_demo' | sha256sum
    expect(hashApiKey('bud_client_demo')).toBe('42000aae264c3c6afe6e983e289ecf36f0746f324c584e57e695504a3fff6e1c')
    expect(hashApiKey(createSecret('a'))).toBe(hashApiKey('a'))
  })

  test('match their own hash only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, other) => {
        expect(isApiKey(key, hashApiKey(key))).toBe(true)
        expect(isApiKey(key, hashApiKey(other))).toBe(key === other)
        expect(isApiKey(key, other)).toBe(false)
      }),
    )
  })

  test('show a prefix that tells them apart, and nothing else', () => {
    const { key, prefix, hash } = generateApiKey(createSeededRandom(1))
    expect(key.reveal().startsWith(prefix)).toBe(true)
    expect(prefix).toHaveLength(10)
    expect(JSON.stringify({ key, prefix, hash })).not.toContain(key.reveal())
  })
})
