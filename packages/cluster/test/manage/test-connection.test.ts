import { describe, expect, test } from 'vitest'
import { clusterErrors } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { sampleManager } from '../support/sample-manager.ts'

const never = new AbortController().signal
const messages = (test: { readonly findings: readonly { readonly severity: string; readonly message: string }[] }) =>
  test.findings.map(({ severity, message }) => `${severity}: ${message}`)

describe('the test of a connection', () => {
  test('finds nothing on a cluster that is new, supported and open to us', async () => {
    const { manager } = sampleManager()
    const { identity, findings } = await manager.testConnection()
    expect(identity).toMatchObject({ platform: 'kubernetes', version: 'v1.36.0-fake' })
    expect(findings).toEqual([])
  })

  test('knows a cluster again under another address', async () => {
    const { manager } = sampleManager()
    const uid = (await manager.identify()).uid
    const known = { name: 'lab', server: 'https://10.0.0.1', uid }
    expect(messages(await manager.testConnection([known]))).toEqual(["blocker: this cluster is known already as 'lab' at https://10.0.0.1"])
    expect(messages(await manager.testConnection([{ ...known, uid: 'another' }]))).toEqual([])
  })

  test('names the rights that are missing', async () => {
    const api = createFakeKubernetes({ allows: (spec) => !JSON.stringify(spec).includes('"resource":"deployments"') })
    const [message] = messages(await sampleManager({ api }).manager.testConnection())
    expect(message).toContain('the user of the kubeconfig may not: get deployments.apps, list deployments.apps')
    expect(message).toContain('and 2 more')
    expect(api.objects().some(({ kind }) => kind === 'SelfSubjectAccessReview')).toBe(false)
  })

  test('asks for less where it is to work in one namespace: no secrets, and nothing in others', async () => {
    const asked: { resource: string; verb: string; namespace?: string }[] = []
    const allows = (spec: unknown) => {
      asked.push((spec as { resourceAttributes: (typeof asked)[number] }).resourceAttributes)
      return true
    }
    await sampleManager({ allows }).manager.testConnection([], never, 'team-a')
    expect(asked.filter(({ resource }) => resource === 'secrets')).toEqual([])
    const writes = asked.filter(
      ({ verb, resource }) => ['create', 'patch', 'update', 'delete'].includes(verb) && resource !== 'clusterroles',
    )
    expect(new Set(writes.map(({ namespace }) => namespace))).toEqual(new Set(['team-a']))
  })

  test('says why a cluster cannot be reached', async () => {
    const api = createFakeKubernetes({
      onRequest: () => {
        throw clusterErrors.KUBERNETES_UNREACHABLE({ server: 'https://gone', problem: 'ENOTFOUND' })
      },
    })
    const { identity, findings } = await sampleManager({ api }).manager.testConnection()
    expect(identity).toBeUndefined()
    expect(findings).toEqual([expect.objectContaining({ severity: 'blocker', field: 'server' })])
  })
})
