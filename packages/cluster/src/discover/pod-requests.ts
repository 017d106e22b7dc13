/** How much of a resource the pods of a node hold, reckoned as the scheduler does. */
import { parseQuantity, type PodFields } from './node-schemas.ts'

type Container = PodFields['spec']['containers'][number]

const amountOf =
  (resource: string) =>
  ({ resources }: Container) => {
    const amount = parseQuantity(resources.requests[resource] ?? resources.limits[resource] ?? 0)
    return Number.isFinite(amount) ? amount : 0
  }
const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0)

/** Sidecars stay beside the containers; other init containers run before them, one at a time, each beside the sidecars started so far. */
export function requestOf(pod: PodFields, resource: string): number {
  const amount = amountOf(resource)
  let sidecars = 0
  let peak = 0
  for (const init of pod.spec.initContainers) {
    if (init.restartPolicy === 'Always') sidecars += amount(init)
    else peak = Math.max(peak, sidecars + amount(init))
  }
  return Math.max(peak, sidecars + sum(pod.spec.containers.map(amount)))
}

/** Pods that have ended hold nothing. */
export const holdsResources = ({ status }: PodFields): boolean => status.phase !== 'Succeeded' && status.phase !== 'Failed'

/** Of the pods of one node. */
export const requestedOn = (pods: readonly PodFields[], resource: string): number =>
  sum(pods.filter(holdsResources).map((pod) => requestOf(pod, resource)))
