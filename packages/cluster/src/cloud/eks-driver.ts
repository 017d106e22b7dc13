/** Amazon EKS: control plane and managed node groups in a network that exists. */
import {
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  paginateListNodegroups,
  UpdateNodegroupConfigCommand,
  type Cluster,
  type Nodegroup,
} from '@aws-sdk/client-eks'
import { coreErrors, createSecret, systemClock, type Clock, type ClusterSpec, type Secret } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { requestTimeoutMs } from '../limits.ts'
import {
  isOwned,
  ownershipTags,
  type CloudCluster,
  type CloudDriver,
  type CloudPool,
  type CloudStatus,
  type PoolSpec,
} from './cloud-driver.ts'
import { createEksToken, type AwsCredentials } from './eks-token.ts'

export interface EksOptions {
  readonly region: string
  readonly credentials: AwsCredentials
  /** Role of the control plane (policy AmazonEKSClusterPolicy). */
  readonly clusterRoleArn: string
  /** Role of the machines (policies AmazonEKSWorkerNodePolicy, AmazonEKS_CNI_Policy, AmazonEC2ContainerRegistryReadOnly). */
  readonly nodeRoleArn: string
  /** At least two, in different zones. */
  readonly subnetIds: readonly string[]
  /** `1.34`; the newest that EKS offers when absent. */
  readonly kubernetesVersion?: string | undefined
  readonly diskGiB?: number | undefined
  /** Image of the machines: with the drivers of their devices, `AL2023_x86_64_NVIDIA` say. */
  readonly amiType?: 'AL2023_x86_64_STANDARD' | 'AL2023_x86_64_NVIDIA' | 'AL2023_x86_64_NEURON' | 'BOTTLEROCKET_x86_64_NVIDIA' | undefined
  /** Another address of the EKS API, for private endpoints and tests. */
  readonly endpoint?: string | undefined
  readonly clock?: Clock | undefined
}

const clusterStatus: Readonly<Record<string, CloudStatus>> = {
  CREATING: 'creating',
  PENDING: 'creating',
  UPDATING: 'creating',
  ACTIVE: 'ready',
  DELETING: 'deleting',
  FAILED: 'failed',
  CREATE_FAILED: 'failed',
  DELETE_FAILED: 'failed',
  DEGRADED: 'failed',
}

const problemOf = (issues: readonly { readonly code?: string | undefined; readonly message?: string | undefined }[] | undefined) =>
  issues?.map(({ code, message }) => `${code ?? 'unknown'}: ${message ?? ''}`).join('; ')

const toCluster = ({ status, tags, health }: Cluster): CloudCluster => ({
  status: clusterStatus[status ?? ''] ?? 'creating',
  owned: isOwned(tags),
  problem: problemOf(health?.issues),
})

const toPool = ({ nodegroupName, instanceTypes, scalingConfig, status, tags, health }: Nodegroup): CloudPool => ({
  name: nodegroupName ?? '',
  instanceType: instanceTypes?.[0] ?? '',
  nodeCount: scalingConfig?.desiredSize ?? 0,
  status: clusterStatus[status ?? ''] ?? 'creating',
  owned: isOwned(tags),
  problem: problemOf(health?.issues),
})

const scaling = (nodeCount: number) => ({ minSize: 0, maxSize: Math.max(1, nodeCount), desiredSize: nodeCount })

class EksDriver implements CloudDriver {
  readonly id = 'eks'
  readonly region: string
  readonly #client: EKSClient
  readonly #options: EksOptions
  readonly #clock: Clock

  constructor(options: EksOptions) {
    const { accessKeyId, secretAccessKey, sessionToken } = options.credentials
    this.region = options.region
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#client = new EKSClient({
      region: options.region,
      maxAttempts: 4,
      requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: requestTimeoutMs },
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      credentials: () =>
        Promise.resolve({
          accessKeyId,
          secretAccessKey: secretAccessKey.reveal(),
          ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
        }),
    })
  }

  async readCluster(name: string, signal: AbortSignal): Promise<CloudCluster | undefined> {
    const cluster = await this.#describe(name, signal)
    return cluster === undefined ? undefined : toCluster(cluster)
  }

  async createCluster({ name }: ClusterSpec, token: string, signal: AbortSignal): Promise<void> {
    const { kubernetesVersion, clusterRoleArn, subnetIds } = this.#options
    const command = new CreateClusterCommand({
      name,
      ...(kubernetesVersion === undefined ? {} : { version: kubernetesVersion }),
      roleArn: clusterRoleArn,
      resourcesVpcConfig: { subnetIds: [...subnetIds], endpointPublicAccess: true, endpointPrivateAccess: true },
      accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP', bootstrapClusterCreatorAdminPermissions: true },
      tags: { ...ownershipTags, 'bud-foundry-cluster': name },
      clientRequestToken: token,
    })
    await this.#call(`creating cluster ${name}`, signal, (options) => this.#client.send(command, options))
  }

  async deleteCluster(name: string, signal: AbortSignal): Promise<void> {
    await this.#absentIfMissing(`deleting cluster ${name}`, signal, (options) =>
      this.#client.send(new DeleteClusterCommand({ name }), options),
    )
  }

  async listPools(clusterName: string, signal: AbortSignal): Promise<readonly CloudPool[]> {
    const names = await this.#absentIfMissing(`listing pools of ${clusterName}`, signal, async () => {
      const found: string[] = []
      for await (const page of paginateListNodegroups({ client: this.#client }, { clusterName })) found.push(...(page.nodegroups ?? []))
      return found
    })
    const pools = await Promise.all((names ?? []).map((name) => this.#readPool(clusterName, name, signal)))
    return pools.filter((pool) => pool !== undefined)
  }

  async createPool(clusterName: string, { name, instanceType, nodeCount }: PoolSpec, token: string, signal: AbortSignal): Promise<void> {
    const { nodeRoleArn, subnetIds, diskGiB, amiType } = this.#options
    const command = new CreateNodegroupCommand({
      clusterName,
      nodegroupName: name,
      nodeRole: nodeRoleArn,
      subnets: [...subnetIds],
      instanceTypes: [instanceType],
      scalingConfig: scaling(nodeCount),
      ...(diskGiB === undefined ? {} : { diskSize: diskGiB }),
      ...(amiType === undefined ? {} : { amiType }),
      tags: { ...ownershipTags, 'bud-foundry-cluster': clusterName },
      clientRequestToken: token,
    })
    await this.#call(`creating pool ${name}`, signal, (options) => this.#client.send(command, options))
  }

  async scalePool(clusterName: string, { name, nodeCount }: PoolSpec, signal: AbortSignal): Promise<void> {
    const command = new UpdateNodegroupConfigCommand({ clusterName, nodegroupName: name, scalingConfig: scaling(nodeCount) })
    await this.#call(`scaling pool ${name}`, signal, (options) => this.#client.send(command, options))
  }

  async deletePool(clusterName: string, name: string, signal: AbortSignal): Promise<void> {
    const command = new DeleteNodegroupCommand({ clusterName, nodegroupName: name })
    await this.#absentIfMissing(`deleting pool ${name}`, signal, (options) => this.#client.send(command, options))
  }

  /** Its token is good for 14 minutes: ask again before they are over. */
  async kubeconfig(name: string, signal: AbortSignal): Promise<Secret> {
    const cluster = await this.#describe(name, signal)
    const server = cluster?.endpoint
    const authority = cluster?.certificateAuthority?.data
    if (server === undefined || authority === undefined) {
      throw clusterErrors.CLOUD_FAILED({ what: `cluster ${name}`, problem: 'it has no address yet; wait until it is ready' })
    }
    const { region, credentials } = this.#options
    const token = await createEksToken({ clusterName: name, region, credentials, nowMs: this.#clock.nowMs() })
    return createSecret(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': name,
        clusters: [{ name, cluster: { server, 'certificate-authority-data': authority } }],
        users: [{ name, user: { token: token.reveal() } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
      }),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy()
    return Promise.resolve()
  }

  async #describe(name: string, signal: AbortSignal): Promise<Cluster | undefined> {
    const command = new DescribeClusterCommand({ name })
    const answer = await this.#absentIfMissing(`reading cluster ${name}`, signal, (options) => this.#client.send(command, options))
    return answer?.cluster
  }

  async #readPool(clusterName: string, nodegroupName: string, signal: AbortSignal): Promise<CloudPool | undefined> {
    const command = new DescribeNodegroupCommand({ clusterName, nodegroupName })
    const answer = await this.#absentIfMissing(`reading pool ${nodegroupName}`, signal, (options) => this.#client.send(command, options))
    return answer?.nodegroup === undefined ? undefined : toPool(answer.nodegroup)
  }

  async #absentIfMissing<Value>(
    what: string,
    signal: AbortSignal,
    call: (options: { readonly abortSignal: AbortSignal }) => Promise<Value>,
  ): Promise<Value | undefined> {
    try {
      return await this.#call(what, signal, call)
    } catch (error) {
      if (clusterErrors.CLOUD_ABSENT.is(error)) return undefined
      throw error
    }
  }

  async #call<Value>(
    what: string,
    signal: AbortSignal,
    call: (options: { readonly abortSignal: AbortSignal }) => Promise<Value>,
  ): Promise<Value> {
    try {
      return await call({ abortSignal: signal })
    } catch (error) {
      if (signal.aborted) throw coreErrors.ABORTED({ what }, { cause: signal.reason })
      throw awsError(error, what)
    }
  }
}

/** By the names that the EKS API gives its exceptions. */
function awsError(error: unknown, what: string): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  switch (name) {
    case 'ResourceNotFoundException':
      return clusterErrors.CLOUD_ABSENT({ what })
    case 'ResourceInUseException':
    case 'ResourceLimitExceededException':
      return clusterErrors.CLOUD_CONFLICT({ what, problem: message })
    case 'InvalidParameterException':
    case 'InvalidRequestException':
    case 'UnsupportedAvailabilityZoneException':
      return clusterErrors.CLOUD_REJECTED({ what, problem: message })
    case 'AccessDeniedException':
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
    case 'ExpiredTokenException':
    case 'InvalidClientTokenId':
      return clusterErrors.CLOUD_FORBIDDEN({ what })
    default:
      // Texts of failures on the way are not ours to repeat; their class is.
      return clusterErrors.CLOUD_FAILED({ what, problem: name })
  }
}

export const createEksDriver = (options: EksOptions): CloudDriver => new EksDriver(options)
