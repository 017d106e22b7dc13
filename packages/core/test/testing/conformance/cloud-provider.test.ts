/** The suite of cloud providers passes for a cloud in memory, and rejects clouds that break its rules. */
import { describe, expect, test } from 'vitest'
import { cloudProviderConformance, type CloudProviderConformanceOptions } from '@bud-foundry/core/testing/conformance'
import { failedCases } from './failed-cases.ts'
import { createMemoryCloud, type Faults } from './memory-cloud.ts'

const optionsOf = (faults: Faults): Pick<CloudProviderConformanceOptions, 'name' | 'create' | 'spec'> => ({
  name: 'a cloud in memory',
  create: () => Promise.resolve({ cloud: createMemoryCloud(faults), close: () => Promise.resolve() }),
  spec: {
    name: 'demo',
    region: 'north',
    pools: [
      { name: 'gpu', instanceType: 'large', nodeCount: 2 },
      { name: 'cpu', instanceType: 'small', nodeCount: 1 },
    ],
  },
})

cloudProviderConformance({ describe, test, ...optionsOf({}) })

describe('cloudProviderConformance', () => {
  test.each<[Faults, string]>([
    [{ randomNames: true }, 'applies the same plan again without making anything twice'],
    [{ leavesOver: true }, 'leaves nothing over'],
    [{ touchesOthers: true }, 'touches only the cluster'],
    [{ plansByDoing: true }, 'plans without changing anything'],
    [{ deaf: true }, 'stops on abort'],
  ])('rejects a cloud with the fault %j', async (faults, title) => {
    const failed = await failedCases((runner) => {
      cloudProviderConformance({ ...runner, ...optionsOf(faults) })
    })
    expect(failed.join('\n')).toContain(title)
  })
})
