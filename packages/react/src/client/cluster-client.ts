/** Calls of the cluster routes: what is there, what would change, and work that goes on while nobody looks. */
import type { DeploymentPlan, Interval } from '@bud-foundry/core'
import type { BudClient, CallOptions } from './client.ts'
import { consoleOperations } from './generated/console-operations.ts'
import type { Operation } from './operation.ts'
import { readFields, readList, readNumber, readText } from './read.ts'
import type { ManifestFinding } from './wire.ts'

export interface DeploymentName {
  readonly name: string
  readonly namespace: string
}

export interface ClusterNode {
  readonly name: string
  readonly isReady: boolean
  readonly hardwareId?: string | undefined
  readonly devices: number
  readonly available: number
  /** `hami` and `time-slice`: several pods share one device. */
  readonly sharing?: 'whole' | 'mig' | 'time-slice' | 'hami' | undefined
  readonly slices: readonly { readonly profile: string; readonly count: number }[]
  readonly cpu: string
  readonly memory: string
  readonly pods: readonly string[]
  readonly conditions?: readonly { readonly type: string; readonly isTrue: boolean; readonly message?: string | undefined }[] | undefined
  readonly system?:
    | {
        readonly architecture?: string | undefined
        readonly os?: string | undefined
        readonly kernel?: string | undefined
        readonly kubelet?: string | undefined
        readonly runtime?: string | undefined
      }
    | undefined
}

export interface ClusterInfo {
  readonly id: string
  readonly name: string
  /** A simulation: nothing that it shows exists. */
  readonly isDemo: boolean
  readonly server: string
  readonly version: string
  readonly platform: string
  readonly nodes: readonly ClusterNode[]
  readonly findings: readonly { readonly severity: string; readonly message: string }[]
}

export interface ClusterPod {
  readonly name: string
  readonly nodeName?: string | undefined
  readonly phase: string
  readonly ready: boolean
  readonly restarts: number
  readonly reason?: string | undefined
}

export interface ClusterDeployment {
  readonly deployment: DeploymentName
  readonly status: 'absent' | 'progressing' | 'ready' | 'deleting'
  readonly replicas: number
  readonly readyReplicas: number
  readonly pods: readonly ClusterPod[]
  readonly problem?: string | undefined
  /** Absent when somebody else has deployed it. */
  readonly plan?: DeploymentPlan | undefined
  readonly costUsdPerHour?: number | undefined
}

/** What a benchmark of a deployment measured, beside what was predicted for the same load. */
export interface ClusterBenchmark {
  readonly id: string
  readonly deployment: DeploymentName
  readonly endedUnixMs: number
  readonly model: string
  readonly hardwareId: string
  readonly replicas: number
  /** An engine twin was measured: its timing is simulated. */
  readonly isSimulated: boolean
  readonly load: { readonly concurrency: number; readonly inputTokens: number; readonly outputTokens: number }
  readonly completed: number
  readonly failed: number
  readonly durationSeconds: number
  readonly requestsPerSecond: number
  readonly outputTokensPerSecond: number
  readonly timeToFirstTokenMs: Percentiles
  readonly timePerOutputTokenMs: Percentiles
  readonly endToEndMs?: Percentiles | undefined
  readonly predicted?:
    { readonly timeToFirstTokenMs: Interval; readonly timePerOutputTokenMs: Interval; readonly outputTokensPerSecond: Interval } | undefined
}

export interface Percentiles {
  readonly mean: number
  readonly p50: number
  readonly p95?: number | undefined
  readonly p99?: number | undefined
}

/** What applying a plan would change. */
export interface ClusterChanges {
  readonly id: string
  readonly deployment: DeploymentName
  readonly changes: readonly {
    readonly action: 'create' | 'update' | 'delete'
    readonly resource: string
    readonly fields: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]
  }[]
  readonly costUsdPerHour?: number | undefined
  readonly costUsdPerMonth?: number | undefined
  readonly findings: readonly ManifestFinding[]
}

export interface ClusterOperation {
  readonly id: string
  readonly kind: 'deploy' | 'destroy' | 'benchmark'
  readonly deployment: DeploymentName
  readonly status: 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedUnixMs: number
  readonly endedUnixMs?: number | undefined
  readonly done: number
  readonly total: number
  readonly etaSeconds?: number | undefined
  readonly error?: string | undefined
  readonly events: readonly {
    readonly timeUnixMs: number
    readonly step: string
    readonly resource: string
    readonly state: 'started' | 'progress' | 'done' | 'failed'
    readonly message?: string | undefined
  }[]
}

export interface ScaleRules {
  readonly minReplicas: number
  readonly maxReplicas: number
  /** Requests that a replica serves at once at its target. */
  readonly targetPerReplica: number
  readonly peakRequests: number
  readonly shape: 'steady' | 'spike' | 'day'
  readonly startSeconds: number
  readonly usdPerReplicaHour?: number | undefined
  readonly usdPerHourMax?: number | undefined
}

export interface ScalePreview {
  readonly points: readonly {
    readonly seconds: number
    readonly requests: number
    readonly replicas: number
    readonly readyReplicas: number
    readonly waiting: number
    readonly reasons: readonly string[]
  }[]
  readonly replicaHours: number
  readonly usd?: number | undefined
  readonly servedShare: number
}

export interface LogLine {
  readonly timeUnixMs: number
  readonly replica: number
  readonly text: string
}

export interface LeftoverObject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

export interface ClusterClient {
  list(options?: CallOptions): Promise<readonly ClusterInfo[]>
  deployments(clusterId: string, options?: CallOptions): Promise<readonly ClusterDeployment[]>
  /** Changes nothing. */
  plan(clusterId: string, plan: DeploymentPlan, options?: CallOptions): Promise<ClusterChanges>
  /** Starts to apply changes that were shown. */
  apply(clusterId: string, changesId: string, options?: CallOptions): Promise<ClusterOperation>
  destroy(clusterId: string, deployment: DeploymentName, options?: CallOptions): Promise<ClusterOperation>
  operations(clusterId: string, options?: CallOptions): Promise<readonly ClusterOperation[]>
  operation(clusterId: string, id: string, options?: CallOptions): Promise<ClusterOperation>
  cancel(clusterId: string, id: string, options?: CallOptions): Promise<ClusterOperation>
  resume(clusterId: string, id: string, options?: CallOptions): Promise<ClusterOperation>
  /** Newest first. */
  benchmarks(clusterId: string, options?: CallOptions): Promise<readonly ClusterBenchmark[]>
  /** Starts to load a deployment as its plan expects, and measures. */
  benchmark(clusterId: string, deployment: DeploymentName, options?: CallOptions): Promise<ClusterOperation>
  logs(clusterId: string, deployment: DeploymentName, options?: CallOptions): Promise<readonly LogLine[]>
  leftovers(clusterId: string, options?: CallOptions): Promise<readonly LeftoverObject[]>
  previewScaling(rules: ScaleRules, options?: CallOptions): Promise<ScalePreview>
}

export function createClusterClient(client: BudClient): ClusterClient {
  const list = async <Item>(operation: Operation, read: (value: unknown, where: string) => Item, options?: CallOptions) =>
    readList(readFields(await client.call(operation, options), operation.address)['data'], `${operation.address}: data`).map(
      (item, index) => read(item, `data[${String(index)}]`),
    )
  const operation = async (call: Operation, options?: CallOptions) => readOperation(await client.call(call, options), 'operation')
  return {
    list: (options) => list({ address: consoleOperations.listClusters }, readCluster, options),
    deployments: (id, options) => list({ address: consoleOperations.listDeployments, params: { id } }, readDeployment, options),
    plan: async (id, plan, options) =>
      readChanges(await client.call({ address: consoleOperations.planChanges, params: { id }, body: { plan } }, options)),
    apply: (id, changes, options) => operation({ address: consoleOperations.startOperation, params: { id }, body: { changes } }, options),
    destroy: (id, destroy, options) => operation({ address: consoleOperations.startOperation, params: { id }, body: { destroy } }, options),
    operations: (id, options) => list({ address: consoleOperations.listOperations, params: { id } }, readOperation, options),
    operation: (id, name, options) => operation({ address: consoleOperations.getOperation, params: { id, operation: name } }, options),
    cancel: (id, name, options) => operation({ address: consoleOperations.cancelOperation, params: { id, operation: name } }, options),
    resume: (id, name, options) => operation({ address: consoleOperations.resumeOperation, params: { id, operation: name } }, options),
    benchmarks: (id, options) => list({ address: consoleOperations.listBenchmarks, params: { id } }, readBenchmark, options),
    benchmark: (id, benchmark, options) =>
      operation({ address: consoleOperations.startOperation, params: { id }, body: { benchmark } }, options),
    logs: (id, { namespace, name }, options) =>
      list({ address: consoleOperations.readLogs, params: { id, namespace, name } }, readLine, options),
    leftovers: (id, options) => list({ address: consoleOperations.listLeftovers, params: { id } }, readLeftover, options),
    previewScaling: async (body, options) => readPreview(await client.call({ address: consoleOperations.previewScaling, body }, options)),
  }
}

// Each checks the fields that the widgets open, as the rest of the client does; what it then claims is that the server keeps its own types.

function readCluster(value: unknown, where: string): ClusterInfo {
  const fields = readFields(value, where)
  for (const name of ['id', 'name', 'version', 'platform'] as const) readText(fields, name, where)
  readList(fields['nodes'], `${where}.nodes`).forEach((node, index) => {
    const at = `${where}.nodes[${String(index)}]`
    const each = readFields(node, at)
    readText(each, 'name', at)
    readNumber(each, 'devices', at)
    readNumber(each, 'available', at)
    readList(each['slices'], `${at}.slices`)
    readList(each['pods'], `${at}.pods`)
  })
  readList(fields['findings'], `${where}.findings`)
  // Safe: checked above.
  return fields as unknown as ClusterInfo
}

function readDeployment(value: unknown, where: string): ClusterDeployment {
  const fields = readFields(value, where)
  readText(readFields(fields['deployment'], `${where}.deployment`), 'name', `${where}.deployment`)
  readText(fields, 'status', where)
  readNumber(fields, 'readyReplicas', where)
  readList(fields['pods'], `${where}.pods`)
  if (fields['plan'] !== undefined) readFields(readFields(fields['plan'], `${where}.plan`)['model'], `${where}.plan.model`)
  // Safe: checked above.
  return fields as unknown as ClusterDeployment
}

function readChanges(value: unknown): ClusterChanges {
  const fields = readFields(value, 'changes')
  readText(fields, 'id', 'changes')
  readFields(fields['deployment'], 'changes.deployment')
  readList(fields['changes'], 'changes.changes')
  readList(fields['findings'], 'changes.findings')
  // Safe: checked above.
  return fields as unknown as ClusterChanges
}

function readOperation(value: unknown, where: string): ClusterOperation {
  const fields = readFields(value, where)
  for (const name of ['id', 'kind', 'status'] as const) readText(fields, name, where)
  for (const name of ['done', 'total', 'startedUnixMs'] as const) readNumber(fields, name, where)
  readFields(fields['deployment'], `${where}.deployment`)
  readList(fields['events'], `${where}.events`)
  // Safe: checked above.
  return fields as unknown as ClusterOperation
}

function readBenchmark(value: unknown, where: string): ClusterBenchmark {
  const fields = readFields(value, where)
  for (const name of ['id', 'model', 'hardwareId'] as const) readText(fields, name, where)
  for (const name of ['endedUnixMs', 'completed', 'failed', 'requestsPerSecond', 'outputTokensPerSecond'] as const)
    readNumber(fields, name, where)
  readFields(fields['deployment'], `${where}.deployment`)
  readNumber(readFields(fields['load'], `${where}.load`), 'concurrency', `${where}.load`)
  for (const name of ['timeToFirstTokenMs', 'timePerOutputTokenMs'] as const)
    readNumber(readFields(fields[name], `${where}.${name}`), 'p50', `${where}.${name}`)
  // Safe: checked above.
  return fields as unknown as ClusterBenchmark
}

function readPreview(value: unknown): ScalePreview {
  const fields = readFields(value, 'preview')
  readNumber(fields, 'servedShare', 'preview')
  readNumber(fields, 'replicaHours', 'preview')
  readList(fields['points'], 'preview.points')
  // Safe: checked above.
  return fields as unknown as ScalePreview
}

function readLine(value: unknown, where: string): LogLine {
  const fields = readFields(value, where)
  return {
    timeUnixMs: readNumber(fields, 'timeUnixMs', where),
    replica: readNumber(fields, 'replica', where),
    text: readText(fields, 'text', where),
  }
}

function readLeftover(value: unknown, where: string): LeftoverObject {
  const fields = readFields(value, where)
  const namespace = fields['namespace'] === undefined ? undefined : readText(fields, 'namespace', where)
  return { kind: readText(fields, 'kind', where), name: readText(fields, 'name', where), namespace }
}
