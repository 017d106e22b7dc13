/** EKS as Amazon's own client speaks to it, against moto's server. */
import { createSecret, type ChangeProgress, type ClusterSpec } from '@bud-foundry/core'
import { createFakeClock, createMemoryStepRunner } from '@bud-foundry/core/testing'
import { KubeConfig } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { createEksProvider } from '../../src/eks.ts'
import { clusterErrors } from '../../src/index.ts'
import { createEksDriver, type EksOptions } from '../../src/cloud/eks-driver.ts'

const never = new AbortController().signal
const canary = 'canary-secret-access-key-5f1e'
const endpoint = process.env['BUD_TEST_AWS_URL'] ?? ''
const options: EksOptions = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: createSecret(canary) },
  clusterRoleArn: 'arn:aws:iam::123456789012:role/cluster',
  nodeRoleArn: 'arn:aws:iam::123456789012:role/node',
  subnetIds: ['subnet-1', 'subnet-2'],
  kubernetesVersion: '1.34',
  endpoint,
}
const spec = (name: string): ClusterSpec => ({
  name,
  region: 'us-east-1',
  pools: [
    { name: 'system', instanceType: 'm7i.large', nodeCount: 1 },
    { name: 'gpu', instanceType: 'p5.48xlarge', nodeCount: 2 },
  ],
})

async function collect(progress: AsyncIterable<ChangeProgress>, events: ChangeProgress[] = []) {
  for await (const event of progress) events.push(event)
  return events
}

describe('EKS', () => {
  test('is made, described, scaled, entered and removed, without a word of the secret', { timeout: 30_000 }, async () => {
    await using provider = createEksProvider(options)
    const runner = createMemoryStepRunner()
    const events: ChangeProgress[] = []
    await collect(provider.apply(await provider.plan(spec('life'), never), runner, never), events)
    expect(await provider.observe('life', never)).toEqual({ name: 'life', status: 'ready', nodeCount: 3 })
    expect((await provider.plan(spec('life'), never)).changes).toEqual([])

    const [system] = spec('life').pools
    const smaller = { ...spec('life'), pools: [{ name: 'gpu', instanceType: 'p5.48xlarge', nodeCount: 1 }] }
    await collect(provider.apply(await provider.plan(smaller, never), runner, never), events)
    expect(system).toBeDefined()
    expect(await provider.observe('life', never)).toMatchObject({ nodeCount: 1 })

    const config = new KubeConfig()
    config.loadFromString((await provider.kubeconfig('life', never)).reveal())
    expect(config.getCurrentCluster()?.server).toMatch(/^https:\/\/.*eks\.amazonaws\.com/)
    expect(config.getCurrentUser()?.token).toMatch(/^k8s-aws-v1\./)

    await collect(provider.destroy('life', runner, never), events)
    expect(await provider.leftovers('life', never)).toEqual([])
    expect(await provider.observe('life', never)).toBeUndefined()
    expect(JSON.stringify(events)).not.toContain(canary)
  })

  test('of someone else is left alone', async () => {
    await using driver = createEksDriver(options)
    const { EKSClient, CreateClusterCommand, DeleteClusterCommand } = await import('@aws-sdk/client-eks')
    const client = new EKSClient({ region: 'us-east-1', endpoint, credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'x' } })
    await client.send(
      new CreateClusterCommand({ name: 'theirs', roleArn: options.clusterRoleArn, resourcesVpcConfig: { subnetIds: ['subnet-1'] } }),
    )
    await using provider = createEksProvider({ ...options, clock: createFakeClock() })
    expect(await driver.readCluster('theirs', never)).toMatchObject({ owned: false })
    expect((await provider.plan(spec('theirs'), never)).findings.some(({ severity }) => severity === 'blocker')).toBe(true)
    await expect(collect(provider.destroy('theirs', createMemoryStepRunner(), never))).rejects.toSatisfy(clusterErrors.CLOUD_NOT_OURS.is)
    await client.send(new DeleteClusterCommand({ name: 'theirs' }))
    client.destroy()
  })

  test('says what it refuses in errors of ours', async () => {
    await using driver = createEksDriver(options)
    await driver.createCluster(spec('twice'), 'a', never)
    await expect(driver.createCluster(spec('twice'), 'b', never)).rejects.toSatisfy(clusterErrors.CLOUD_CONFLICT.is)
    await driver.deleteCluster('twice', never)
    await driver.deleteCluster('twice', never)
    expect(await driver.readCluster('twice', never)).toBeUndefined()
    await using nowhere = createEksDriver({ ...options, endpoint: 'http://127.0.0.1:1' })
    await expect(nowhere.readCluster('any', never)).rejects.toSatisfy(clusterErrors.CLOUD_FAILED.is)
  })
})
