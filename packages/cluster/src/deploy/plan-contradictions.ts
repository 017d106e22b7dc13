/** Where a plan contradicts itself or the options: pods of it would start, and fail, or never do what was predicted. */
import type { DeploymentPlan, Finding } from '@bud-foundry/core'
import type { RenderOptions } from './render-options.ts'

type Sharing = NonNullable<RenderOptions['deviceSharing']>

const blocker = (field: string, message: string): Finding => ({ severity: 'blocker', field, message })
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`

/** Bytes that a share offers; undefined where time is divided and memory is not. */
function shareBytes(sharing: Sharing): number | undefined {
  switch (sharing.kind) {
    case 'mig':
      return Number(/\.(\d+)gb/.exec(sharing.profile)?.[1]) * 1e9
    case 'hami':
      return sharing.memoryMiB * 1024 ** 2
    case 'timeSlicing':
      return undefined
  }
}

function sharingFindings(plan: DeploymentPlan, sharing: Sharing): readonly Finding[] {
  const field = 'deviceSharing'
  const { weightsBytes, activationsBytes, overheadBytes } = plan.memoryPerDevice
  const needed = weightsBytes + activationsBytes + overheadBytes
  const offered = shareBytes(sharing)
  if (offered !== undefined && offered <= needed) {
    const message = `a share offers ${gigabytes(offered)}, and weights, activations and the engine's own need ${gigabytes(needed)} of each device before any cache; choose a larger share, or a whole device`
    return [blocker(field, message)]
  }
  // NVIDIA's MIG user guide, "Application considerations": no peer access between instances, by NVLink or PCIe.
  if (sharing.kind === 'mig' && plan.devicesPerReplica > 1) {
    return [
      blocker(
        field,
        `a replica spans ${String(plan.devicesPerReplica)} devices, and instances of MIG cannot talk to each other; use one device per replica`,
      ),
    ]
  }
  const left =
    offered === undefined
      ? 'others run on the same devices'
      : `${gigabytes(offered - needed)} stay for the cache instead of ${gigabytes(plan.memoryPerDevice.kvCacheBytes)}`
  return [{ severity: 'warning', field, message: `the prediction and the price are those of whole devices: ${left}` }]
}

function splitFindings({ parallelism, devicesPerReplica, nodesPerReplica }: DeploymentPlan): readonly Finding[] {
  const { tensor, pipeline } = parallelism
  const found: Finding[] = []
  if (tensor * pipeline > devicesPerReplica) {
    const message = `tensor ${String(tensor)} × pipeline ${String(pipeline)} needs ${String(tensor * pipeline)} devices per replica, and the plan has ${String(devicesPerReplica)}`
    found.push(blocker('parallelism', message))
  }
  if (nodesPerReplica > devicesPerReplica) {
    const message = `a replica of ${String(devicesPerReplica)} devices cannot span ${String(nodesPerReplica)} nodes`
    found.push(blocker('nodesPerReplica', message))
  }
  return found
}

/** Requests name a model or an adapter: each name once. */
function nameFindings({ model }: DeploymentPlan, { loraAdapters }: RenderOptions): readonly Finding[] {
  const names = [model.servedName, ...loraAdapters.map(({ name }) => name)]
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [...twice].map((name) =>
    blocker('loraAdapters', `'${name}' names more than one of the model and its adapters; requests could mean either`),
  )
}

export const contradictions = (plan: DeploymentPlan, options: RenderOptions): readonly Finding[] => [
  ...splitFindings(plan),
  ...(options.deviceSharing === undefined ? [] : sharingFindings(plan, options.deviceSharing)),
  ...nameFindings(plan, options),
]
