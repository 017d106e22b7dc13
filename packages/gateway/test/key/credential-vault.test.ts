/** Provider credentials: sealed in the store, used by name, replaced while the gateway runs, never shown. */
import { createMemoryStore, createSecret } from '@bud-foundry/core'
import { createEnvelope, generateEnvelopeKey, type Envelope } from '@bud-foundry/core/secret'
import { beforeAll, expect, test } from 'vitest'
import { createCredentialVault, createGovernanceAdmin, createKeyRing, type GatewayConfigInput } from '../../src/index.ts'
import { chat, startGateway } from '../support/gateway.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

let envelope: Envelope
beforeAll(async () => {
  envelope = createEnvelope({ keys: [await generateEnvelopeKey('one')], activeKeyId: 'one' })
}, 60_000)

const plain = 'sk-upstream-0123456789'

test('stores a credential sealed, and lists its name and dates only', async () => {
  const store = createMemoryStore({})
  const vault = createCredentialVault({ store, envelope })
  await using keys = createKeyRing({ store })
  const admin = createGovernanceAdmin({ keys, credentials: vault })
  const made = await admin.putCredential('openai', createSecret(plain))
  const stored = new TextDecoder().decode(await store.get('gateway/credentials/openai'))
  expect(stored).not.toContain(plain)
  expect(stored).not.toContain(Buffer.from(plain).toString('base64'))
  expect(await admin.listCredentials()).toEqual([made])
  expect(Object.keys(made)).toEqual(['name', 'createdUnixMs', 'updatedUnixMs'])
  const replaced = await admin.putCredential('openai', createSecret('sk-next'))
  expect(replaced.createdUnixMs).toBe(made.createdUnixMs)
  expect((await vault.read('credential:openai', AbortSignal.timeout(5_000))).reveal()).toBe('sk-next')
  expect(await admin.deleteCredential('openai')).toBe(true)
  await expect(vault.read('credential:openai', AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'CORE_SECRET_NOT_FOUND' })
  await expect(admin.putCredential('a/b', createSecret('x'))).rejects.toMatchObject({ code: 'GATEWAY_CREDENTIAL_NAME_INVALID' })
})

test('sealed bytes of one credential do not open as another', async () => {
  const store = createMemoryStore({})
  const vault = createCredentialVault({ store, envelope })
  await vault.put('one', createSecret(plain))
  const moved = new TextDecoder().decode(await store.get('gateway/credentials/one')).replace('"one"', '"two"')
  await store.set('gateway/credentials/two', new TextEncoder().encode(moved))
  await expect(vault.read('two', AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'CORE_ENVELOPE_TAMPERED' })
})

test('targets use a replaced credential without a restart', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  const store = createMemoryStore({})
  const elsewhere = createCredentialVault({ store, envelope })
  await elsewhere.put('main', createSecret('sk-first'))
  const credential = { reference: 'credential:main' }
  const config: GatewayConfigInput = {
    models: { m: { targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl, credential }] } },
  }
  await using gateway = await startGateway(config, { store, credentials: createCredentialVault({ store, envelope }) })
  const sent = async () => {
    await gateway.post('/v1/chat/completions', chat())
    return upstream.seen.at(-1)?.headers.authorization
  }
  expect(await sent()).toBe('Bearer sk-first')
  await elsewhere.put('main', createSecret('sk-second'))
  await expect.poll(sent).toBe('Bearer sk-second')
})
