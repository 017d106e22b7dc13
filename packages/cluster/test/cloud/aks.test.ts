/** AKS as Azure's own client speaks to it, against a fake of Azure Resource Manager over HTTPS. */
import type { ChangeProgress, ClusterSpec } from '@bud-foundry/core'
import { createMemoryStepRunner, createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import { createAksProvider } from '../../src/aks.ts'
import { createAksDriver } from '../../src/cloud/aks-driver.ts'
import { clusterErrors } from '../../src/index.ts'
import { createFakeAzure, type FakeAzure } from './fake-azure.ts'

const never = new AbortController().signal
const canary = 'canary-bearer-token-99'
const optionsFor = (azure: FakeAzure) => ({
  region: 'westeurope',
  subscriptionId: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'models',
  credential: { getToken: () => Promise.resolve({ token: canary, expiresOnTimestamp: Date.now() + 3_600_000 }) },
  endpoint: azure.url,
  certificateAuthority: azure.certificate,
})
const spec: ClusterSpec = {
  name: 'lab',
  region: 'westeurope',
  pools: [
    { name: 'system', instanceType: 'Standard_D4s_v5', nodeCount: 1 },
    { name: 'gpu', instanceType: 'Standard_ND96isr_H100_v5', nodeCount: 2 },
  ],
}

/** The waits between looks are on the fake clock, the answers on a real socket. */
async function collect(clock: ReturnType<typeof createFakeClock>, progress: AsyncIterable<ChangeProgress>, events: ChangeProgress[] = []) {
  let done = false
  const all = (async () => {
    for await (const event of progress) events.push(event)
  })().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  void all.then(() => (done = true))
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    if (clock.pending > 0) await clock.advance(10_000)
  }
  const failed = await all
  if (failed !== undefined) throw failed.error
  return events
}

describe('AKS', () => {
  test('is made with its first pool, grows, is entered and removed, without a word of the token', async () => {
    await using azure = await createFakeAzure()
    const clock = createFakeClock()
    await using provider = createAksProvider({ ...optionsFor(azure), clock })
    const runner = createMemoryStepRunner()
    const events = await collect(clock, provider.apply(await provider.plan(spec, never), runner, never))
    expect(await provider.observe('lab', never)).toEqual({ name: 'lab', status: 'ready', nodeCount: 3 })
    expect((await provider.plan(spec, never)).changes).toEqual([])
    const [system] = spec.pools
    if (system === undefined) throw new Error('the sample has pools')
    const larger = { ...spec, pools: [system, { name: 'gpu', instanceType: 'Standard_ND96isr_H100_v5', nodeCount: 4 }] }
    await collect(clock, provider.apply(await provider.plan(larger, never), runner, never), events)
    expect(await provider.observe('lab', never)).toMatchObject({ nodeCount: 5 })
    expect((await provider.kubeconfig('lab', never)).reveal()).toContain('kind: Config')
    await collect(clock, provider.destroy('lab', runner, never), events)
    expect(await provider.leftovers('lab', never)).toEqual([])
    expect(azure.things.size).toBe(0)
    expect([...azure.authorizations]).toEqual([`Bearer ${canary}`])
    expect(JSON.stringify(events)).not.toContain(canary)
  })

  test('keeps the pool without which there is no cluster, and the cluster with it', async () => {
    await using azure = await createFakeAzure()
    const clock = createFakeClock()
    await using provider = createAksProvider({ ...optionsFor(azure), clock })
    await collect(clock, provider.apply(await provider.plan(spec, never), createMemoryStepRunner(), never))
    const { changes, findings } = await provider.plan({ ...spec, pools: spec.pools.slice(1) }, never)
    expect(changes).toEqual([])
    expect(findings.find(({ severity }) => severity === 'blocker')?.message).toMatch(/^pool system is the one without which/)
    await using driver = createAksDriver(optionsFor(azure))
    await expect(driver.deletePool('lab', 'system', never)).rejects.toSatisfy(clusterErrors.CLOUD_REJECTED.is)
    expect(await provider.observe('lab', never)).toMatchObject({ status: 'ready', nodeCount: 3 })
  })

  test('of someone else is left alone', async () => {
    await using azure = await createFakeAzure()
    const clock = createFakeClock()
    await using provider = createAksProvider({ ...optionsFor(azure), clock })
    await collect(clock, provider.apply(await provider.plan(spec, never), createMemoryStepRunner(), never))
    for (const { body } of azure.things.values()) delete body['tags']
    const changes = await provider.plan(spec, never)
    expect(changes.findings.some(({ severity }) => severity === 'blocker')).toBe(true)
    await expect(collect(clock, provider.destroy('lab', createMemoryStepRunner(), never))).rejects.toSatisfy(
      clusterErrors.CLOUD_NOT_OURS.is,
    )
    expect(azure.requests.some((request) => request.startsWith('DELETE'))).toBe(false)
  })

  test('says what it refuses in errors of ours', async () => {
    await using azure = await createFakeAzure()
    await using driver = createAksDriver(optionsFor(azure))
    expect(await driver.readCluster('absent', never)).toBeUndefined()
    expect(await driver.listPools('absent', never)).toEqual([])
    await expect(driver.createCluster({ ...spec, pools: [] }, '', never)).rejects.toSatisfy(clusterErrors.CLOUD_REJECTED.is)
    await expect(driver.kubeconfig('lab', AbortSignal.abort())).rejects.toThrow(/abort/i)
  })
})
