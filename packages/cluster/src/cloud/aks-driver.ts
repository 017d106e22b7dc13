/** Azure AKS: a managed cluster with agent pools in a resource group that exists. */
import { ContainerServiceClient, type AgentPool, type ManagedCluster } from '@azure/arm-containerservice'
import type { TokenCredential } from '@azure/core-auth'
import { coreErrors, createSecret, type ClusterSpec, type Secret } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import {
  isOwned,
  ownershipTags,
  type CloudCluster,
  type CloudDriver,
  type CloudPool,
  type CloudStatus,
  type PoolSpec,
} from './cloud-driver.ts'

export interface AksOptions {
  /** Azure's name of the place, `westeurope`. */
  readonly region: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  /** Of `@azure/identity`, or anything else that fetches tokens. */
  readonly credential: TokenCredential
  readonly kubernetesVersion?: string | undefined
  readonly diskGiB?: number | undefined
  /** A subnet that exists; AKS makes a network of its own when absent. */
  readonly subnetId?: string | undefined
  /** Another address of Azure Resource Manager: national clouds and tests. */
  readonly endpoint?: string | undefined
  /** Certificates in PEM to trust instead of the system's: behind proxies that open TLS, and in tests. */
  readonly certificateAuthority?: string | undefined
}

const states: Readonly<Record<string, CloudStatus>> = {
  Succeeded: 'ready',
  Failed: 'failed',
  Canceled: 'failed',
  Deleting: 'deleting',
}

const statusOf = (provisioningState: string | undefined): CloudStatus => states[provisioningState ?? ''] ?? 'creating'

const toCluster = ({ provisioningState, tags }: ManagedCluster): CloudCluster => ({
  status: statusOf(provisioningState),
  owned: isOwned(tags),
  problem: provisioningState === 'Failed' ? 'the operation failed; the activity log of the resource group tells why' : undefined,
})

const toPool = ({ name, count, vmSize, provisioningState, tags, mode }: AgentPool, systemPools: number): CloudPool => ({
  name: name ?? '',
  instanceType: vmSize ?? '',
  nodeCount: count ?? 0,
  status: statusOf(provisioningState),
  owned: isOwned(tags),
  problem: provisioningState === 'Failed' ? 'the operation failed; the activity log of the resource group tells why' : undefined,
  // AKS refuses to delete the last system pool.
  goesWithCluster: mode === 'System' && systemPools === 1,
})

class AksDriver implements CloudDriver {
  readonly id = 'aks'
  readonly region: string
  readonly #client: ContainerServiceClient
  readonly #options: AksOptions

  constructor(options: AksOptions) {
    this.region = options.region
    this.#options = options
    const { endpoint, credential, subscriptionId, certificateAuthority } = options
    this.#client = new ContainerServiceClient(credential, subscriptionId, {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(certificateAuthority === undefined ? {} : { tlsOptions: { ca: certificateAuthority } }),
      retryOptions: { maxRetries: 3 },
    })
  }

  async readCluster(name: string, signal: AbortSignal): Promise<CloudCluster | undefined> {
    const cluster = await this.#absentIfMissing(`reading cluster ${name}`, signal, () =>
      this.#client.managedClusters.get(this.#options.resourceGroup, name, { abortSignal: signal }),
    )
    return cluster === undefined ? undefined : toCluster(cluster)
  }

  async createCluster({ name, region, pools: [first] }: ClusterSpec, _token: string, signal: AbortSignal): Promise<void> {
    if (first === undefined)
      throw clusterErrors.CLOUD_REJECTED({ what: `creating cluster ${name}`, problem: 'AKS needs one pool at least' })
    const { resourceGroup, kubernetesVersion } = this.#options
    const { name: poolName, ...profile } = { ...this.#profile(first), mode: 'System' }
    await this.#call(`creating cluster ${name}`, signal, async () => {
      // Returns when Azure has accepted it; the provider waits by reading.
      await this.#client.managedClusters
        .createOrUpdate(
          resourceGroup,
          name,
          {
            location: region,
            dnsPrefix: name,
            identity: { type: 'SystemAssigned' },
            ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
            agentPoolProfiles: [{ name: poolName, ...profile }],
            tags: { ...ownershipTags, 'bud-foundry-cluster': name },
          },
          { abortSignal: signal },
        )
        .submitted()
    })
  }

  async deleteCluster(name: string, signal: AbortSignal): Promise<void> {
    await this.#absentIfMissing(`deleting cluster ${name}`, signal, () =>
      this.#client.managedClusters.delete(this.#options.resourceGroup, name, { abortSignal: signal }).submitted(),
    )
  }

  async listPools(clusterName: string, signal: AbortSignal): Promise<readonly CloudPool[]> {
    const pools = await this.#absentIfMissing(`listing pools of ${clusterName}`, signal, async () => {
      const found: AgentPool[] = []
      for await (const pool of this.#client.agentPools.list(this.#options.resourceGroup, clusterName, { abortSignal: signal })) {
        found.push(pool)
      }
      const systemPools = found.filter(({ mode }) => mode === 'System').length
      return found.map((pool) => toPool(pool, systemPools))
    })
    return pools ?? []
  }

  createPool(clusterName: string, pool: PoolSpec, _token: string, signal: AbortSignal): Promise<void> {
    return this.#putPool(`creating pool ${pool.name}`, clusterName, pool, signal)
  }

  scalePool(clusterName: string, pool: PoolSpec, signal: AbortSignal): Promise<void> {
    return this.#putPool(`scaling pool ${pool.name}`, clusterName, pool, signal)
  }

  async deletePool(clusterName: string, poolName: string, signal: AbortSignal): Promise<void> {
    const { resourceGroup } = this.#options
    await this.#absentIfMissing(`deleting pool ${poolName}`, signal, () =>
      this.#client.agentPools.delete(resourceGroup, clusterName, poolName, { abortSignal: signal }).submitted(),
    )
  }

  async kubeconfig(name: string, signal: AbortSignal): Promise<Secret> {
    const { resourceGroup } = this.#options
    const what = `reading the credentials of ${name}`
    const answer = await this.#call(what, signal, () =>
      this.#client.managedClusters.listClusterUserCredentials(resourceGroup, name, { abortSignal: signal }),
    )
    const value = answer.kubeconfigs?.[0]?.value
    if (value === undefined) throw clusterErrors.CLOUD_FAILED({ what, problem: 'the answer has none' })
    return createSecret(Buffer.from(value).toString('utf8'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  #profile({ name, instanceType, nodeCount }: PoolSpec) {
    const { diskGiB, subnetId } = this.#options
    return {
      name,
      count: nodeCount,
      vmSize: instanceType,
      osType: 'Linux',
      type: 'VirtualMachineScaleSets',
      ...(diskGiB === undefined ? {} : { osDiskSizeGB: diskGiB }),
      ...(subnetId === undefined ? {} : { vnetSubnetID: subnetId }),
      tags: { ...ownershipTags },
    }
  }

  async #putPool(what: string, clusterName: string, pool: PoolSpec, signal: AbortSignal): Promise<void> {
    const { resourceGroup } = this.#options
    const { name, ...profile } = this.#profile(pool)
    const live = await this.#absentIfMissing(what, signal, () =>
      this.#client.agentPools.get(resourceGroup, clusterName, name, { abortSignal: signal }),
    )
    // What a pool is for stays as it was; a new one runs models.
    const mode = live?.mode ?? 'User'
    await this.#call(what, signal, () =>
      this.#client.agentPools.createOrUpdate(resourceGroup, clusterName, name, { ...profile, mode }, { abortSignal: signal }).submitted(),
    )
  }

  async #absentIfMissing<Value>(what: string, signal: AbortSignal, call: () => PromiseLike<Value>): Promise<Value | undefined> {
    try {
      return await this.#call(what, signal, call)
    } catch (error) {
      if (clusterErrors.CLOUD_ABSENT.is(error)) return undefined
      throw error
    }
  }

  async #call<Value>(what: string, signal: AbortSignal, call: () => PromiseLike<Value>): Promise<Value> {
    try {
      return await call()
    } catch (error) {
      if (signal.aborted) throw coreErrors.ABORTED({ what }, { cause: signal.reason })
      throw azureError(error, what)
    }
  }
}

/** By status; the code that Azure gives its errors is part of the message. */
function azureError(error: unknown, what: string): Error {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 0
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown'
  if (status === 404) return clusterErrors.CLOUD_ABSENT({ what })
  if (status === 409) return clusterErrors.CLOUD_CONFLICT({ what, problem: code })
  if (status === 401 || status === 403) return clusterErrors.CLOUD_FORBIDDEN({ what })
  if (status >= 400 && status < 500) return clusterErrors.CLOUD_REJECTED({ what, problem: code })
  return clusterErrors.CLOUD_FAILED({ what, problem: code })
}

export const createAksDriver = (options: AksOptions): CloudDriver => new AksDriver(options)
