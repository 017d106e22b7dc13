/** Starting: calls in process wait for the keys, probes and callers over HTTP are told at once. */
import { createMemoryStore, createSecret } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { createGateway, createKeyRing } from '../src/index.ts'

it('lets a call in process that follows at once wait until the keys are read', async () => {
  const store = createMemoryStore()
  await createKeyRing({ store }).create({ name: 'earlier', key: createSecret('bud_earlier') })
  await using gateway = createGateway({ models: {} }, { store })
  const ready = await gateway.fetch('http://gateway/ready')
  expect(ready.status).toBe(503)
  const response = await gateway.fetch('http://gateway/v1/models', { headers: { authorization: 'Bearer bud_earlier' } })
  expect(response.status).toBe(200)
})

it('tells a waiting call why the gateway cannot start', async () => {
  const store = createMemoryStore()
  const unreadable = new Error('no store')
  const keys = { ...createKeyRing({ store }), ready: Promise.reject(unreadable) }
  await using gateway = createGateway({ models: {} }, { keys })
  await expect(gateway.ready).rejects.toBe(unreadable)
  const response = await gateway.fetch('http://gateway/v1/models')
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ error: { code: 'not_ready' } })
})
