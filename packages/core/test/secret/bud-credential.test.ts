import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSecret } from '@bud-foundry/core'
import { openBudCredential } from '@bud-foundry/core/secret'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (type: 'pkcs1' | 'pkcs8', passphrase?: string) =>
  createSecret(
    privateKey.export({ type, format: 'pem', ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }) }).toString(),
  )
const encrypt = (text: string, padding: 'oaep' | 'pkcs1', key = privateKey) =>
  publicEncrypt(
    padding === 'oaep'
      ? { key: createPublicKey(key), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
      : { key: createPublicKey(key), padding: constants.RSA_PKCS1_PADDING },
    Buffer.from(text),
  )
const credential = 'sk-proj-canary-ä'

describe('openBudCredential', () => {
  test.each(['hex', 'base64'] as const)('reads OAEP-SHA256 written as %s, upper or lower case, with space around', (encoding) => {
    const text = encrypt(credential, 'oaep').toString(encoding)
    expect(openBudCredential(` ${text}\n`, { privateKey: pem('pkcs8') }).reveal()).toBe(credential)
    if (encoding === 'hex') expect(openBudCredential(text.toUpperCase(), { privateKey: pem('pkcs8') }).reveal()).toBe(credential)
  })

  test('takes PKCS#1, PKCS#8 and encrypted PKCS#8 keys', () => {
    const text = encrypt(credential, 'oaep').toString('hex')
    for (const key of [
      { privateKey: pem('pkcs1') },
      { privateKey: pem('pkcs8') },
      { privateKey: pem('pkcs8', 'p'), passphrase: createSecret('p') },
    ]) {
      expect(openBudCredential(text, key).reveal()).toBe(credential)
    }
  })

  test('falls back to PKCS#1 v1.5', () => {
    expect(openBudCredential(encrypt('sk-old-credential', 'pkcs1').toString('hex'), { privateKey: pem('pkcs8') }).reveal()).toBe(
      'sk-old-credential',
    )
  })

  test('refuses a credential of another key, though PKCS#1 v1.5 would answer it with random bytes', () => {
    const other = createPrivateKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const padding of ['oaep', 'pkcs1'] as const) {
      expect(() => openBudCredential(encrypt(credential, padding, other).toString('hex'), { privateKey: pem('pkcs8') })).toThrow(
        expect.objectContaining({ code: 'CORE_CREDENTIAL_UNREADABLE' }) as Error,
      )
    }
  })

  test('refuses text that is damaged, with a reason and without repeating it', () => {
    const key = { privateKey: pem('pkcs8') }
    expect(() => openBudCredential('canary !', key)).toThrow('neither hex nor base64')
    expect(() => openBudCredential(encrypt(credential, 'oaep').toString('hex').slice(2), key)).toThrow('255 bytes where the key needs 256')
    expect(() => openBudCredential('', key)).toThrow('neither hex nor base64')
  })

  test('returns a Secret, which does not print', () => {
    expect(String(openBudCredential(encrypt(credential, 'oaep').toString('hex'), { privateKey: pem('pkcs8') }))).toBe('[secret]')
  })
})
