/** Installs, updates, checks and removes add-ons: what a chart renders to is applied and owned like everything else of ours. */
import { coreErrors, resolveConfig, systemClock, type Clock, type Finding } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import {
  describeObject,
  referenceOf,
  type KubernetesApi,
  type KubernetesObject,
  type ObjectReference,
} from '../kubernetes/kubernetes-api.ts'
import { addOnLabel, addOnLabels, fieldManager } from '../kubernetes/ownership.ts'
import { pollMs, removalTimeoutMs } from '../limits.ts'
import { acquireOperatorLease } from '../manage/operator-lease.ts'
import { findInhabitants } from '../manage/namespace-inhabitants.ts'
import { diffObjects, type FieldChange } from '../manage/diff-objects.ts'
import { addOnSchema, type AddOn, type AddOnInput } from './add-on.ts'
import {
  inventoryNamespace,
  keyOf,
  listInventories,
  readInventory,
  removeInventory,
  unite,
  writeInventory,
  type AddOnInventory,
} from './add-on-inventory.ts'
import { deviceConflicts } from './device-conflicts.ts'
import type { ChartRenderer } from './helm.ts'
import { placeFindings } from './place-findings.ts'
import { parseRendered, withoutHooks } from './rendered-objects.ts'

export interface AddOnManagerParts {
  /** Not closed with the manager. */
  readonly api: KubernetesApi
  /** Needed for charts; add-ons of manifests do without. */
  readonly renderer?: ChartRenderer | undefined
  readonly operator: string
  readonly clock?: Clock | undefined
}

/** One object that installing or updating would change. */
export interface AddOnChange {
  readonly action: 'create' | 'update' | 'delete'
  readonly resource: string
  readonly fields: readonly FieldChange[]
}

/** Without the add-on's values, which may be secret. */
export interface AddOnPlan {
  readonly addOn: string
  readonly version: string
  readonly changes: readonly AddOnChange[]
  readonly findings: readonly Finding[]
}

export interface AddOnStatus {
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly objects: number
  /** Objects that somebody removed. */
  readonly missing: readonly string[]
  /** False while an installation has not come to its end. */
  readonly complete: boolean
}

export interface AddOnManager {
  /** What would change, and what to know before; reads and dry runs only. @throws CLUSTER_CHART_CHANGED. */
  plan(addOns: readonly AddOnInput[], signal?: AbortSignal): Promise<readonly AddOnPlan[]>
  /** Installs or updates, removing what the new version no longer has. Run again after a crash, it continues. @throws CLUSTER_CHANGES_BLOCKED. */
  install(addOn: AddOnInput, signal?: AbortSignal): Promise<AddOnStatus>
  /**
   * Removes every object of it, and answers what stays and why: a namespace in which somebody else lives, say.
   * @throws CLUSTER_ADD_ON_IN_USE while custom resources of others are left.
   */
  uninstall(name: string, signal?: AbortSignal): Promise<readonly string[]>
  status(signal?: AbortSignal): Promise<readonly AddOnStatus[]>
}

interface Rendered {
  readonly addOn: AddOn
  readonly version: string
  readonly digest: string
  readonly objects: readonly KubernetesObject[]
  readonly findings: readonly Finding[]
}

const endless = () => new AbortController().signal
const definitionKind = 'CustomResourceDefinition'
const definitionSchema = z.looseObject({
  group: z.string(),
  names: z.looseObject({ kind: z.string() }),
  versions: z.array(z.looseObject({ name: z.string(), served: z.boolean().default(true), storage: z.boolean().default(true) })),
})

class KubernetesAddOnManager implements AddOnManager {
  readonly #api: KubernetesApi
  readonly #parts: AddOnManagerParts
  readonly #clock: Clock

  constructor(parts: AddOnManagerParts) {
    this.#api = parts.api
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  async plan(inputs: readonly AddOnInput[], signal = endless()): Promise<readonly AddOnPlan[]> {
    const addOns = inputs.map((input) => resolveConfig('add-on', addOnSchema, input))
    const [nodes, daemonSets] = await Promise.all([
      this.#api.list({ apiVersion: 'v1', kind: 'Node' }, signal),
      this.#api.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' }, signal),
    ])
    const conflicts = deviceConflicts(addOns, { nodes: nodes.items, daemonSets: daemonSets.items })
    const plans: AddOnPlan[] = []
    for (const addOn of addOns) plans.push(await this.#planOne(addOn, conflicts, signal))
    return plans
  }

  async install(input: AddOnInput, signal = endless()): Promise<AddOnStatus> {
    const [plan] = await this.plan([input], signal)
    const addOn = resolveConfig('add-on', addOnSchema, input)
    const blockers = plan?.findings.filter(({ severity }) => severity === 'blocker').map(({ message }) => message) ?? []
    if (blockers.length > 0) throw clusterErrors.CHANGES_BLOCKED({ deployment: addOn.name, blockers })
    await this.#exclusively(addOn.name, signal, async (held) => {
      const rendered = await this.#render(addOn, held)
      const before = await readInventory(this.#api, addOn.name, held)
      const madeNamespace = before?.madeNamespace ?? !(await this.#namespaceExists(addOn.namespace, held))
      const base = { version: rendered.version, digest: rendered.digest, namespace: addOn.namespace, madeNamespace }
      // What was and what will be: a crash from here on loses nothing from sight.
      const all = unite(before?.objects ?? [], rendered.objects)
      await writeInventory(this.#api, addOn.name, { ...base, complete: false, objects: all }, held)
      await this.#ensureNamespace(addOn.namespace, held)
      for (const object of rendered.objects) await this.#applyOne(addOn, object, held)
      const wanted = new Set(rendered.objects.map((object) => keyOf(referenceOf(object))))
      await this.#removeAll(
        addOn.name,
        all.filter((reference) => !wanted.has(keyOf(reference))),
        held,
      )
      await writeInventory(this.#api, addOn.name, { ...base, complete: true, objects: rendered.objects.map(referenceOf) }, held)
    })
    const installed = await readInventory(this.#api, addOn.name, signal)
    if (installed === undefined)
      throw clusterErrors.KUBERNETES_CONFLICT({ what: `installing ${addOn.name}`, problem: 'it was removed meanwhile' })
    return this.#statusOf(addOn.name, installed, signal)
  }

  async uninstall(name: string, signal = endless()): Promise<readonly string[]> {
    const stays: string[] = []
    await this.#exclusively(name, signal, async (held) => {
      const inventory = await readInventory(this.#api, name, held)
      if (inventory === undefined) {
        stays.push(`add-on ${name} is not installed`)
        return
      }
      await this.#assertUnused(name, inventory, held)
      await writeInventory(this.#api, name, { ...inventory, complete: false }, held)
      await this.#removeAll(name, inventory.objects, held)
      if (inventory.madeNamespace) stays.push(...(await this.#removeNamespace(name, inventory.namespace, held)))
      await removeInventory(this.#api, name, held)
    })
    return stays
  }

  async status(signal = endless()): Promise<readonly AddOnStatus[]> {
    const found: AddOnStatus[] = []
    for (const { name, inventory } of await listInventories(this.#api, signal)) found.push(await this.#statusOf(name, inventory, signal))
    return found
  }

  async #exclusively(name: string, signal: AbortSignal, work: (held: AbortSignal) => Promise<void>): Promise<void> {
    const deployment = { name: `add-on-${name}`, namespace: inventoryNamespace }
    await using lease = await acquireOperatorLease(
      { api: this.#api, clock: this.#clock, operator: this.#parts.operator, deployment },
      signal,
    )
    try {
      await work(AbortSignal.any([signal, lease.signal]))
    } catch (error) {
      throw lease.signal.aborted ? lease.signal.reason : error
    }
  }

  async #render(addOn: AddOn, signal: AbortSignal): Promise<Rendered> {
    const { source, name } = addOn
    if (source.kind === 'manifests') {
      return { addOn, version: source.version, digest: '', objects: parseRendered(addOn, source.yaml), findings: [] }
    }
    const { renderer } = this.#parts
    if (renderer === undefined)
      throw clusterErrors.ADD_ON_INVALID({ addOn: name, problem: 'it is a chart, and there is no renderer of charts' })
    const before = await readInventory(this.#api, name, signal)
    const { yaml, digest } = await renderer.render(addOn, source, await this.#api.version(signal), signal)
    // The same version must be the same bytes as the first time.
    if (source.digest === undefined && before?.version === source.version && before.digest !== digest) {
      throw clusterErrors.CHART_CHANGED({ chart: `${source.name} ${source.version}`, expected: before.digest, digest })
    }
    return { addOn, version: source.version, digest, ...withoutHooks(addOn, parseRendered(addOn, yaml)) }
  }

  async #planOne(addOn: AddOn, conflicts: readonly Finding[], signal: AbortSignal): Promise<AddOnPlan> {
    const findings = conflicts.filter(({ field }) => field === undefined || field.split('.')[1] === addOn.name)
    const rendered = await this.#render(addOn, signal)
    const changes: AddOnChange[] = []
    if (!(await this.#namespaceExists(addOn.namespace, signal)))
      changes.push({ action: 'create', resource: `Namespace ${addOn.namespace}`, fields: [] })
    findings.push(...rendered.findings, ...(await placeFindings(this.#api, rendered, signal)))
    for (const object of rendered.objects) {
      const reference = referenceOf(object)
      const resource = describeObject(reference)
      const live = await this.#readOne(reference, signal)
      if (live === undefined) changes.push({ action: 'create', resource, fields: [] })
      else if (!isOf(addOn.name, live)) {
        const message = `${resource} exists and is not part of this add-on; remove what installed it, or leave the add-on out`
        findings.push({ severity: 'blocker', field: resource, message })
      } else {
        const after = await this.#api.apply(object, { fieldManager, force: true, dryRun: true }, signal)
        const fields = diffObjects(live, after)
        if (fields.length > 0) changes.push({ action: 'update', resource, fields })
      }
    }
    const wanted = new Set(rendered.objects.map((object) => keyOf(referenceOf(object))))
    const old = (await readInventory(this.#api, addOn.name, signal))?.objects ?? []
    for (const reference of old)
      if (!wanted.has(keyOf(reference))) changes.push({ action: 'delete', resource: describeObject(reference), fields: [] })
    return { addOn: addOn.name, version: rendered.version, changes, findings }
  }

  /** A kind that is not served yet has no objects. */
  async #readOne(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    try {
      return await this.#api.read(reference, signal)
    } catch (error) {
      if (clusterErrors.KIND_UNKNOWN.is(error)) return undefined
      throw error
    }
  }

  async #applyOne(addOn: AddOn, object: KubernetesObject, signal: AbortSignal): Promise<void> {
    const live = await this.#readOne(referenceOf(object), signal)
    if (live !== undefined && !isOf(addOn.name, live)) {
      throw clusterErrors.KUBERNETES_CONFLICT({
        what: describeObject(referenceOf(object)),
        problem: 'it was made by someone else since the plan',
      })
    }
    await this.#api.apply(object, { fieldManager, force: true }, signal)
    if (object.kind === definitionKind) await this.#untilServed(object, signal)
  }

  async #untilServed(definition: KubernetesObject, signal: AbortSignal): Promise<void> {
    const { group, names, versions } = definitionSchema.parse(definition.spec)
    const served = versions.find((version) => version.served)?.name
    if (served === undefined) return
    await this.#until(`${definition.metadata.name} to be served`, signal, async () =>
      (await this.#api.servedKinds(`${group}/${served}`, signal)).includes(names.kind) ? undefined : definition.metadata.name,
    )
  }

  async #namespaceExists(name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#api.read({ apiVersion: 'v1', kind: 'Namespace', name }, signal)) !== undefined
  }

  async #ensureNamespace(name: string, signal: AbortSignal): Promise<void> {
    if (await this.#namespaceExists(name, signal)) return
    const labels = addOnLabels('namespace')
    await this.#api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, { fieldManager }, signal)
  }

  /** The last first. Only what still carries the add-on's label: a name may belong to someone else by now. */
  async #removeAll(name: string, references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    for (const reference of references.toReversed()) {
      const live = await this.#readOne(reference, signal)
      if (live === undefined || !isOf(name, live)) continue
      if (live.metadata.deletionTimestamp === undefined) await this.#api.remove(reference, { uid: live.metadata.uid }, signal)
      // Controllers that clean up after custom resources must not go before these have gone.
      if (reference.apiVersion.includes('.')) await this.#untilGone(name, [reference], signal)
    }
    await this.#untilGone(name, references, signal)
  }

  async #untilGone(name: string, references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    await this.#until(`the objects of ${name} to go`, signal, async () => {
      for (const reference of references) {
        const live = await this.#readOne(reference, signal)
        if (live !== undefined && isOf(name, live)) return describeObject(reference)
      }
      return undefined
    })
  }

  async #removeNamespace(name: string, namespace: string, signal: AbortSignal): Promise<readonly string[]> {
    const others = (await listInventories(this.#api, signal)).filter(
      (other) => other.name !== name && other.inventory.namespace === namespace,
    )
    if (others.length > 0) {
      // The namespace stays for them, and goes with the last.
      for (const other of others) await writeInventory(this.#api, other.name, { ...other.inventory, madeNamespace: true }, signal)
      return [`namespace ${namespace} stays: add-on ${others[0]?.name ?? ''} is in it`]
    }
    const reference = { apiVersion: 'v1', kind: 'Namespace', name: namespace }
    const live = await this.#api.read(reference, signal)
    if (live?.metadata.labels?.[addOnLabel] === undefined) return []
    // Leases are notes of controllers that have gone; everything else may be somebody's.
    const { found } = await findInhabitants(this.#api, namespace, signal, ({ kind }) => kind === 'Lease')
    if (found !== undefined) return [`namespace ${namespace} stays: ${describeObject(referenceOf(found))} is in it, and not of this add-on`]
    await this.#api.remove(reference, { uid: live.metadata.uid }, signal)
    await this.#until(`namespace ${namespace} to go`, signal, async () =>
      (await this.#api.read(reference, signal)) === undefined ? undefined : namespace,
    )
    return []
  }

  /** Removing a definition removes everything of its kind, whoever made it. */
  async #assertUnused(name: string, { objects }: AddOnInventory, signal: AbortSignal): Promise<void> {
    const ours = new Set(objects.map(keyOf))
    const users: string[] = []
    for (const reference of objects.filter(({ kind }) => kind === definitionKind)) {
      const definition = await this.#api.read(reference, signal)
      if (definition === undefined) continue
      const { group, names, versions } = definitionSchema.parse(definition.spec)
      const stored = versions.find(({ storage, served }) => storage && served)
      if (stored === undefined) continue
      const apiVersion = `${group}/${stored.name}`
      if (!(await this.#api.servedKinds(apiVersion, signal)).includes(names.kind)) continue
      const { items } = await this.#api.list({ apiVersion, kind: names.kind }, signal)
      users.push(...items.filter((item) => !ours.has(keyOf(referenceOf(item)))).map((item) => describeObject(referenceOf(item))))
    }
    if (users.length > 0) throw clusterErrors.ADD_ON_IN_USE({ addOn: name, users: users.slice(0, 10) })
  }

  async #statusOf(name: string, inventory: AddOnInventory, signal: AbortSignal): Promise<AddOnStatus> {
    const missing: string[] = []
    for (const reference of inventory.objects) {
      if ((await this.#readOne(reference, signal)) === undefined) missing.push(describeObject(reference))
    }
    const { version, digest, objects, complete } = inventory
    return { name, version, digest, objects: objects.length, missing, complete }
  }

  /** Asks until the answer is undefined. */
  async #until(what: string, signal: AbortSignal, ask: () => Promise<string | undefined>): Promise<void> {
    const endMs = this.#clock.monotonicMs() + removalTimeoutMs
    for (;;) {
      if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for ${what}` }, { cause: signal.reason })
      const left = await ask()
      if (left === undefined) return
      if (this.#clock.monotonicMs() >= endMs) throw clusterErrors.REMOVAL_INCOMPLETE({ deployment: what, leftovers: [left] })
      await this.#clock.sleep(pollMs, signal)
    }
  }
}

const isOf = (name: string, { metadata }: KubernetesObject) => metadata.labels?.[addOnLabel] === name

/** A manager of the add-ons of one cluster. */
export function createAddOnManager(parts: AddOnManagerParts): AddOnManager {
  return new KubernetesAddOnManager(parts)
}
