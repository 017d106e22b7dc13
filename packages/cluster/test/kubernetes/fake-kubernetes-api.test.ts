/** The cluster in memory keeps the rules of the real one. */
import { describe, test } from 'vitest'
import { createFakeKubernetes, describeKubernetesApi } from '../../src/testing.ts'

const never = new AbortController().signal

describeKubernetesApi({ describe, test }, 'in memory', async () => {
  const api = createFakeKubernetes()
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'place' } }, never)
  return { api, namespace: 'place' }
})
