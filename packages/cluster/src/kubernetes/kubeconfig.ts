/** A kubeconfig, kept as a Secret, to a client of its current context. */
import type { KubeConfig } from '@kubernetes/client-node'
import { systemClock, type Clock, type Secret } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { kubeconfigBytesMax } from '../limits.ts'
import { clientNode } from './client-node.ts'
import { takeOverPlugins } from './credential-plugin.ts'
import { createHttpKubernetesApi } from './http-kubernetes-api.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

export interface KubeconfigOptions {
  /** YAML or JSON, with every kind of authentication that `@kubernetes/client-node` knows: certificates, tokens, exec plugins, OIDC. */
  readonly kubeconfig: Secret
  /** Instead of the file's current context. */
  readonly context?: string | undefined
  /** Where credentials end, as those of EKS do after 14 minutes: fetched anew before that. */
  readonly renewal?:
    | {
        readonly everyMs: number
        readonly fetch: (signal: AbortSignal) => Promise<Secret>
        readonly clock?: Clock | undefined
      }
    | undefined
}

function parseKubeconfig(kubeconfig: Secret, context: string | undefined): KubeConfig {
  const text = kubeconfig.reveal()
  if (Buffer.byteLength(text) > kubeconfigBytesMax) {
    throw clusterErrors.KUBECONFIG_INVALID({ problem: `it is larger than ${String(kubeconfigBytesMax)} bytes` })
  }
  const config = new (clientNode().KubeConfig)()
  try {
    config.loadFromString(text)
  } catch {
    // The parser's message quotes the file, which holds credentials.
    throw clusterErrors.KUBECONFIG_INVALID({ problem: 'it is not a kubeconfig in YAML or JSON' })
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => `'${name}'`)
      throw clusterErrors.KUBECONFIG_INVALID({ problem: `it has no context '${context}', only ${known.join(', ') || 'none'}` })
    }
    config.setCurrentContext(context)
  }
  takeOverPlugins(config)
  return config
}

/** @throws CLUSTER_KUBECONFIG_INVALID, without a word of its content. */
export function connectKubernetes({ kubeconfig, context, renewal }: KubeconfigOptions): KubernetesApi {
  const renew =
    renewal === undefined
      ? undefined
      : {
          everyMs: renewal.everyMs,
          clock: renewal.clock ?? systemClock,
          fetch: async (signal: AbortSignal) => parseKubeconfig(await renewal.fetch(signal), context),
        }
  return createHttpKubernetesApi(parseKubeconfig(kubeconfig, context), renew)
}
