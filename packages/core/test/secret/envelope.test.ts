import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSecret } from '@bud-foundry/core'
import { createEnvelope, generateEnvelopeKey, type Envelope, type EnvelopeKey } from '@bud-foundry/core/secret'

let oldKey: EnvelopeKey
let newKey: EnvelopeKey
let envelope: Envelope

beforeAll(async () => {
  ;[oldKey, newKey] = await Promise.all([generateEnvelopeKey('2025-01'), generateEnvelopeKey('2026-01')])
  envelope = createEnvelope({ keys: [oldKey], activeKeyId: '2025-01' })
}, 120_000)

const code = (name: string) => expect.objectContaining({ code: name }) as Error
const anyEnvelopeError = expect.objectContaining({ code: expect.stringMatching(/^CORE_ENVELOPE_/) as string }) as Error

describe('createEnvelope', () => {
  test('opens what it sealed, in the same context', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), (plain, context) => {
        expect(new Uint8Array(envelope.open(envelope.seal(plain, context), context))).toEqual(plain)
      }),
      { numRuns: 40 },
    )
    const secret = createSecret('\uFEFFsk-ä€😀')
    expect(envelope.openSecret(envelope.sealSecret(secret, 'c'), 'c').reveal()).toBe('\uFEFFsk-ä€😀')
  })

  test('shows nothing of the plain text, and seals the same text differently each time', () => {
    const sealed = envelope.seal(Buffer.from('canary'.repeat(10)), 'c')
    expect(Buffer.from(sealed).includes('canary')).toBe(false)
    expect(envelope.seal(Buffer.from('a'), 'c')).not.toEqual(envelope.seal(Buffer.from('a'), 'c'))
  })

  test('detects every flipped byte', () => {
    const sealed = envelope.seal(Buffer.from('sk-canary'), 'target/1')
    for (let index = 0; index < sealed.length; index += 1) {
      const altered = Uint8Array.from(sealed)
      altered[index] = (altered[index] ?? 0) ^ (1 << (index % 8))
      expect(() => envelope.open(altered, 'target/1'), `byte ${String(index)}`).toThrow(anyEnvelopeError)
    }
  }, 60_000)

  test('says of every shortened secret that it is truncated, and refuses a lengthened one', () => {
    const sealed = envelope.seal(Buffer.from('sk-canary'), 'c')
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => envelope.open(sealed.subarray(0, length), 'c'), `${String(length)} bytes`).toThrow(code('CORE_ENVELOPE_TRUNCATED'))
    }
    expect(() => envelope.open(Buffer.concat([sealed, Buffer.of(0)]), 'c')).toThrow(code('CORE_ENVELOPE_UNREADABLE'))
  })

  test('refuses another context', () => {
    expect(() => envelope.open(envelope.seal(Buffer.from('a'), 'target/1'), 'target/2')).toThrow(code('CORE_ENVELOPE_TAMPERED'))
  })

  test('reads bytes that lie in the middle of a larger buffer', () => {
    const sealed = envelope.seal(Buffer.from('a'), 'c')
    const larger = Buffer.concat([Buffer.from('before'), sealed, Buffer.from('after')])
    expect(Buffer.from(envelope.open(larger.subarray(6, 6 + sealed.length), 'c')).toString()).toBe('a')
  })

  test('rotates: the new ring opens old secrets, rewraps them, and then needs the new key only', () => {
    const sealed = envelope.seal(Buffer.from('a'), 'c')
    const both = createEnvelope({ keys: [oldKey, newKey], activeKeyId: '2026-01' })
    expect(Buffer.from(both.open(sealed, 'c')).toString()).toBe('a')
    const rewrapped = both.rewrap(sealed)
    expect([both.keyIdOf(sealed), both.keyIdOf(rewrapped)]).toEqual(['2025-01', '2026-01'])
    expect(both.rewrap(rewrapped)).toBe(rewrapped)
    const onlyNew = createEnvelope({ keys: [newKey], activeKeyId: '2026-01' })
    expect(Buffer.from(onlyNew.open(rewrapped, 'c')).toString()).toBe('a')
    expect(() => onlyNew.open(sealed, 'c')).toThrow(code('CORE_ENVELOPE_KEY_UNKNOWN'))
    expect(() => onlyNew.rewrap(sealed)).toThrow("'2025-01', and the key ring has only 2026-01")
  })

  test('refuses a key of the same id that is not the one it was sealed with', () => {
    const impostor = createEnvelope({ keys: [{ ...newKey, id: '2025-01' }], activeKeyId: '2025-01' })
    expect(() => impostor.open(envelope.seal(Buffer.from('a'), 'c'), 'c')).toThrow(code('CORE_ENVELOPE_TAMPERED'))
  })

  test('opens an encrypted key with its passphrase, and says when it cannot', () => {
    const encrypted = createSecret(
      createPrivateKey(oldKey.privateKey.reveal())
        .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })
        .toString(),
    )
    const open = (passphrase: string | undefined) =>
      createEnvelope({
        keys: [{ id: '2025-01', privateKey: encrypted, passphrase: passphrase === undefined ? undefined : createSecret(passphrase) }],
        activeKeyId: '2025-01',
      })
    expect(Buffer.from(open('hunter2').open(envelope.seal(Buffer.from('a'), 'c'), 'c')).toString()).toBe('a')
    expect(() => open('wrong')).toThrow('the passphrase is wrong')
    expect(() => open(undefined)).toThrow('has no passphrase')
  })

  test('refuses weak, foreign, repeated and badly named keys without repeating them', () => {
    const pem = (key: { export: (options: { type: 'pkcs8'; format: 'pem' }) => string | Buffer }) =>
      createSecret(key.export({ type: 'pkcs8', format: 'pem' }).toString())
    const weak = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    const curve = pem(generateKeyPairSync('ed25519').privateKey)
    const make =
      (keys: EnvelopeKey[], activeKeyId = 'k') =>
      () =>
        createEnvelope({ keys, activeKeyId })
    expect(make([{ id: 'k', privateKey: weak }])).toThrow('2048 bits, fewer than the 4096')
    expect(make([{ id: 'k', privateKey: curve }])).toThrow('ed25519, not RSA')
    expect(make([oldKey, oldKey])).toThrow('appears twice')
    expect(make([{ ...oldKey, id: 'a b' }])).toThrow('letters, digits')
    expect(make([oldKey], 'other')).toThrow(code('CORE_ENVELOPE_KEY_UNKNOWN'))
    const garbage = make([{ id: 'k', privateKey: createSecret('canary-not-a-pem') }])
    expect(garbage).toThrow(code('CORE_PRIVATE_KEY_INVALID'))
    try {
      garbage()
    } catch (error) {
      expect(inspect(error, { depth: 10 })).not.toContain('canary')
    }
  })

  test('refuses foreign bytes and newer formats', () => {
    expect(() => envelope.open(Buffer.from('not a sealed secret at all'), 'c')).toThrow('do not start with BUDE')
    const newer = Uint8Array.from(envelope.seal(Buffer.from('a'), 'c'))
    newer[4] = 2
    expect(() => envelope.open(newer, 'c')).toThrow('version 2; use a newer release')
  })
})
