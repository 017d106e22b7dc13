/** What a cluster for inference usually needs, at fixed versions: a list to start from, changed by whoever knows the cluster. */
import type { AddOnInput } from './add-on.ts'

const chart = (repository: string, name: string, version: string) => ({ kind: 'chart', repository, name, version }) as const

/** Charts as their projects publish them. A digest is remembered with the first installation. */
export const knownAddOns = {
  /** Labels of nodes, from which devices are discovered. */
  'node-feature-discovery': {
    name: 'node-feature-discovery',
    namespace: 'node-feature-discovery',
    source: chart('https://kubernetes-sigs.github.io/node-feature-discovery/charts', 'node-feature-discovery', '0.18.3'),
    values: { worker: { config: { core: { sleepInterval: '60s' } } } },
  },
  /** Drivers, runtime, device plugin and exporter of NVIDIA. Feature discovery comes from its own add-on. */
  'gpu-operator': {
    name: 'gpu-operator',
    namespace: 'gpu-operator',
    source: chart('https://helm.ngc.nvidia.com/nvidia', 'gpu-operator', 'v25.3.4'),
    values: { nfd: { enabled: false }, migManager: { enabled: false } },
  },
  'amd-gpu-operator': {
    name: 'amd-gpu-operator',
    namespace: 'kube-amd-gpu',
    source: chart('https://rocm.github.io/gpu-operator', 'gpu-operator-charts', 'v1.4.0'),
    values: { 'node-feature-discovery': { enabled: false } },
  },
  'gaudi-operator': {
    name: 'gaudi-operator',
    namespace: 'habana-ai-operator',
    source: chart('https://vault.habana.ai/artifactory/api/helm/habana-helm', 'habana-ai-operator', '1.22.0-740'),
    values: {},
  },
  /** Shares of devices. */
  hami: {
    name: 'hami',
    namespace: 'kube-system',
    source: chart('https://project-hami.github.io/HAMi', 'hami', '2.7.0'),
    values: { devicePlugin: { runtimeClassName: 'nvidia' } },
  },
  'kube-prometheus-stack': {
    name: 'kube-prometheus-stack',
    namespace: 'monitoring',
    source: chart('https://prometheus-community.github.io/helm-charts', 'kube-prometheus-stack', '68.3.0'),
    values: {
      grafana: { enabled: false },
      alertmanager: { enabled: false },
      prometheus: { prometheusSpec: { retention: '24h' } },
      // Their certificates come from hooks.
      prometheusOperator: { admissionWebhooks: { enabled: false }, tls: { enabled: false } },
    },
  },
  /** Only where the GPU operator, which brings one, is not. */
  'dcgm-exporter': {
    name: 'dcgm-exporter',
    namespace: 'monitoring',
    source: chart('https://nvidia.github.io/dcgm-exporter/helm-charts', 'dcgm-exporter', '4.6.0'),
    values: { serviceMonitor: { enabled: true, interval: '15s' } },
  },
  keda: {
    name: 'keda',
    namespace: 'keda',
    source: chart('https://kedacore.github.io/charts', 'keda', '2.18.1'),
    values: {},
  },
  /** Replicas over several nodes. */
  'leader-worker-set': {
    name: 'leader-worker-set',
    namespace: 'lws-system',
    source: chart('oci://registry.k8s.io/lws/charts', 'lws', '0.7.0'),
    values: {},
  },
  'envoy-gateway': {
    name: 'envoy-gateway',
    namespace: 'envoy-gateway-system',
    source: chart('oci://docker.io/envoyproxy', 'gateway-helm', '1.5.4'),
    values: {},
  },
} as const satisfies Readonly<Record<string, AddOnInput>>
