import { describe, expect, test } from 'vitest'
import { addOnSchema, deviceConflicts, knownAddOns, type AddOnInput, type KubernetesObject } from '../../src/index.ts'

const parsed = (...addOns: readonly AddOnInput[]) => addOns.map((addOn) => addOnSchema.parse(addOn))
const daemonSet = (image: string, labels: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'plugin', namespace: 'kube-system', labels },
  spec: { template: { spec: { containers: [{ image }] } } },
})
const node = (labels: Record<string, string>): KubernetesObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels } })
const messages = (addOns: readonly AddOnInput[], daemonSets: readonly KubernetesObject[] = [], nodes: readonly KubernetesObject[] = []) =>
  deviceConflicts(parsed(...addOns), { nodes, daemonSets }).map(({ severity, message }) => `${severity}: ${message}`)
const operator = knownAddOns['gpu-operator']

describe('device software', () => {
  test('does not fight on a cluster without any', () => {
    expect(messages([operator, knownAddOns.keda])).toEqual([])
  })

  test('of somebody else that hands out the same devices blocks ours', () => {
    const theirs = daemonSet('nvcr.io/nvidia/k8s-device-plugin:v0.17.0')
    expect(messages([operator], [theirs])).toEqual([
      expect.stringMatching(/^blocker: DaemonSet kube-system\/plugin already hands out nvidia/),
    ])
    expect(messages([knownAddOns['amd-gpu-operator']], [theirs])).toEqual([])
    expect(messages([{ ...operator, values: { devicePlugin: { enabled: false } } }], [theirs])).toEqual([])
    const ours = daemonSet('nvcr.io/nvidia/k8s-device-plugin:v0.17.0', { 'foundry.bud.studio/add-on': 'gpu-operator' })
    expect(messages([operator], [ours])).toEqual([])
  })

  test('finds drivers that the nodes bring', () => {
    const driven = node({ 'nvidia.com/cuda.driver.major': '570' })
    expect(messages([operator], [], [driven])).toEqual([expect.stringContaining('set driver.enabled false')])
    expect(messages([{ ...operator, values: { driver: { enabled: false } } }], [], [driven])).toEqual([])
    expect(messages([operator], [], [node({ 'nvidia.com/cuda.driver.major': '570', 'nvidia.com/gpu.deploy.driver': 'true' })])).toEqual([])
  })

  test('of two of ours does not overlap', () => {
    expect(messages([operator, knownAddOns.hami, knownAddOns['dcgm-exporter']])).toEqual([
      expect.stringMatching(/^blocker: HAMi and the GPU operator/),
      expect.stringMatching(/^warning: the GPU operator brings an exporter/),
    ])
  })
})
