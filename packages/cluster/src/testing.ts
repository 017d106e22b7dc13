/** A cluster in memory, and the rules that it and every other KubernetesApi keep. */
export { createFakeKubernetes, type FakeKubernetes, type FakeKubernetesOptions } from './testing/fake-kubernetes-api.ts'
export { describeKubernetesApi, type SuiteRunner } from './testing/kubernetes-api-conformance.ts'
