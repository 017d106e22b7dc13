/** Creates and removes machines in one place. Every mutation is idempotent by name and touches only what it owns. */
import type { BudError } from '../error/bud-error.ts'
import type { Secret } from '../config/secret.ts'
import type { StepRunner } from './step-runner.ts'

/** A machine for rent. */
export interface Offering {
  readonly instanceType: string
  readonly region: string
  readonly hardwareId: string
  readonly deviceCount: number
  readonly priceUsdPerHour: number
  readonly pricedAt: string
}
/** A cluster as it should be. */
export interface ClusterSpec {
  readonly name: string
  readonly region: string
  readonly pools: readonly { readonly name: string; readonly instanceType: string; readonly nodeCount: number }[]
}
/** One change to one resource. */
export interface Change {
  readonly action: 'create' | 'update' | 'delete'
  readonly resource: string
  readonly before: unknown
  readonly after: unknown
}
/** Something to know before applying a plan; a `blocker` prevents it. */
export interface Finding {
  readonly severity: 'info' | 'warning' | 'blocker'
  readonly message: string
  readonly field?: string | undefined
}
/** A plan: what would change, and what it would cost. */
export interface ChangeSet {
  readonly clusterName: string
  readonly changes: readonly Change[]
  readonly costUsdPerHourDelta: number
  readonly findings: readonly Finding[]
}
/** How far an operation has come. */
export interface ChangeProgress {
  readonly step: string
  readonly resource: string
  readonly state: 'started' | 'progress' | 'done' | 'failed'
  readonly done: number
  readonly total: number
  readonly etaSeconds: number | undefined
  readonly error: BudError | undefined
}
/** A cluster as it is. */
export interface ClusterState {
  readonly name: string
  readonly status: 'creating' | 'ready' | 'degraded' | 'deleting'
  readonly nodeCount: number
}

/** One cloud, or one way to machines. */
export interface CloudProvider extends AsyncDisposable {
  readonly contract: 'cloud-provider/1'
  readonly id: string
  offerings(filter: { readonly region?: string; readonly hardwareId?: string }, signal: AbortSignal): Promise<readonly Offering[]>
  plan(desired: ClusterSpec, signal: AbortSignal): Promise<ChangeSet>
  apply(changes: ChangeSet, runner: StepRunner, signal: AbortSignal): AsyncIterable<ChangeProgress>
  observe(clusterName: string, signal: AbortSignal): Promise<ClusterState | undefined>
  kubeconfig(clusterName: string, signal: AbortSignal): Promise<Secret>
  destroy(clusterName: string, runner: StepRunner, signal: AbortSignal): AsyncIterable<ChangeProgress>
  /** What still exists under our ownership, with its price: empty after destroy. */
  leftovers(
    clusterName: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly resource: string; readonly priceUsdPerHour: number | undefined }[]>
}
