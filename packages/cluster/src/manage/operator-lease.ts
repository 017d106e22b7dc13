/** A Lease object in the deployment's namespace: two operators never change one deployment at once. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import type { KubernetesApi, KubernetesObject, ObjectReference } from '../kubernetes/kubernetes-api.ts'
import { operatorLeaseSeconds, operatorRenewMs } from '../limits.ts'
import type { DeploymentReference } from './change-set.ts'

const specSchema = z.looseObject({
  holderIdentity: z.string().default(''),
  leaseDurationSeconds: z.number().default(operatorLeaseSeconds),
  renewTime: z.string().optional(),
})

export interface OperatorLeaseOptions {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly deployment: DeploymentReference
  /** Unique among living operators; its successor after a crash has the same and goes on at once. */
  readonly operator: string
}

export interface OperatorLease extends AsyncDisposable {
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal
}

const referenceFor = ({ name, namespace }: DeploymentReference): ObjectReference => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  name: `bud-foundry-${name}`,
  namespace,
})

/** Leases that this process holds: a successor of the same name takes over from the dead, not from itself. */
const heldHere = new WeakMap<KubernetesApi, Set<string>>()

function holdHere({ api, operator, deployment: { namespace, name } }: OperatorLeaseOptions): Disposable | undefined {
  const held = heldHere.get(api) ?? new Set()
  heldHere.set(api, held)
  const key = `${operator} ${namespace}/${name}`
  if (held.has(key)) return undefined
  held.add(key)
  return { [Symbol.dispose]: () => void held.delete(key) }
}

class RenewedLease implements OperatorLease {
  readonly #lost = new AbortController()
  readonly #options: OperatorLeaseOptions
  readonly #here: Disposable
  #held: KubernetesObject
  #timer: Disposable | undefined
  #renewing: Promise<void> = Promise.resolve()
  #closed = false
  #renewedAtMs: number

  constructor(options: OperatorLeaseOptions, held: KubernetesObject, here: Disposable) {
    this.#options = options
    this.#here = here
    this.#held = held
    this.#renewedAtMs = options.clock.monotonicMs()
    this.#schedule()
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#renewing
    using _ = this.#here
    if (this.#lost.signal.aborted) return
    try {
      await this.#options.api.remove(referenceFor(this.#options.deployment), { uid: this.#held.metadata.uid }, new AbortController().signal)
    } catch {
      // Not removed: it ends by itself, or the next operation of ours takes it over. The outcome of the work matters more than this failure.
    }
  }

  #schedule(): void {
    this.#timer = this.#options.clock.schedule(operatorRenewMs, () => {
      this.#renewing = this.#renew()
    })
  }

  async #renew(): Promise<void> {
    const { api, clock, deployment } = this.#options
    try {
      this.#held = await api.replace(leaseObject(this.#options, this.#held), this.#lost.signal)
      this.#renewedAtMs = clock.monotonicMs()
    } catch (error) {
      const elapsedMs = clock.monotonicMs() - this.#renewedAtMs
      if (clusterErrors.KUBERNETES_CONFLICT.is(error) || elapsedMs + operatorRenewMs >= operatorLeaseSeconds * 1000) {
        this.#lost.abort(clusterErrors.OPERATOR_LEASE_LOST({ deployment: deployment.name }, { cause: error }))
        return
      }
    }
    if (!this.#closed) this.#schedule()
  }
}

/** Kubernetes writes these times with microseconds. */
const microTime = (timeMs: number) => new Date(timeMs).toISOString().replace('Z', '000Z')

function leaseObject({ clock, deployment, operator }: OperatorLeaseOptions, previous?: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, name, namespace } = referenceFor(deployment)
  const resourceVersion = previous?.metadata.resourceVersion
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: { holderIdentity: operator, leaseDurationSeconds: operatorLeaseSeconds, renewTime: microTime(clock.nowMs()) },
  }
}

async function takeLease(options: OperatorLeaseOptions, here: Disposable, signal: AbortSignal): Promise<OperatorLease> {
  const { api, clock, deployment, operator } = options
  const live = await api.read(referenceFor(deployment), signal)
  if (live !== undefined) {
    const { holderIdentity, leaseDurationSeconds, renewTime } = specSchema.parse(live.spec ?? {})
    const untilMs = Date.parse(renewTime ?? '1970-01-01') + leaseDurationSeconds * 1000
    if (holderIdentity !== '' && holderIdentity !== operator && untilMs > clock.nowMs()) throw busy(deployment, holderIdentity, untilMs)
  }
  try {
    const object = leaseObject(options, live)
    return new RenewedLease(options, await (live === undefined ? api.create(object, signal) : api.replace(object, signal)), here)
  } catch (error) {
    if (!clusterErrors.KUBERNETES_CONFLICT.is(error)) throw error
    throw busy(deployment, 'another operator', clock.nowMs() + operatorLeaseSeconds * 1000)
  }
}

const busy = ({ name }: DeploymentReference, holder: string, untilMs: number) =>
  clusterErrors.OPERATOR_BUSY({ deployment: name, holder, untilText: new Date(untilMs).toISOString() })

/** @throws CLUSTER_OPERATOR_BUSY while another operator holds it, or another operation of this one. */
export async function acquireOperatorLease(options: OperatorLeaseOptions, signal: AbortSignal): Promise<OperatorLease> {
  const { clock, deployment, operator } = options
  const here = holdHere(options)
  if (here === undefined) throw busy(deployment, `another operation of ${operator}`, clock.nowMs() + operatorLeaseSeconds * 1000)
  try {
    return await takeLease(options, here, signal)
  } catch (error) {
    here[Symbol.dispose]()
    throw error
  }
}
