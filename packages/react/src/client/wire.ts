/** What the server sends and takes, as far as the kit uses it, with the checks that turn JSON into it. */
import type { DeploymentPlan, DeviceInput, LatencyObjective, RequestEvent, RequestOutcome, Workload } from '@bud-foundry/core'
import {
  readFields,
  readList,
  readNumber,
  readNumberOrNull,
  readNumberOrUndefined,
  readText,
  readTextOrUndefined,
  type Fields,
} from './read.ts'

export interface Session {
  readonly expiresAtUnixMs: number
  readonly scopes: readonly string[]
}

export interface ModelInfo {
  readonly id: string
  readonly ownedBy: string | undefined
}

export interface RequestQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  readonly fromUnixMs?: number | undefined
  readonly toUnixMs?: number | undefined
  readonly model?: string | undefined
  readonly projectId?: string | undefined
  readonly outcome?: RequestOutcome | undefined
}

/** Newest first. */
export interface RequestPage {
  readonly data: readonly RequestEvent[]
  readonly nextCursor: string | undefined
}

export interface SeriesQuery {
  readonly windowSeconds: number
  readonly intervalSeconds: number
}

/** One bucket; `null` where nothing was measured. */
export interface SeriesPoint {
  readonly timeUnixMs: number
  readonly requests: number
  readonly errors: number
  readonly outputTokensPerSecond: number | null
  readonly timeToFirstTokenMsP50: number | null
  readonly timeToFirstTokenMsP95: number | null
}

/** The same measures over the whole window. */
export type SeriesTotals = Readonly<Record<string, number | null>>

/** Buckets that have ended; the one under way would look like a fall at the end of every line. */
export function toEndedPoints({ points, intervalMs, toUnixMs }: Series, nowUnixMs: number): readonly SeriesPoint[] {
  const last = points.at(-1)
  const isOver = last === undefined || last.timeUnixMs + intervalMs <= Math.min(toUnixMs, nowUnixMs)
  return isOver ? points : points.slice(0, -1)
}

export interface Series {
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly intervalMs: number
  readonly points: readonly SeriesPoint[]
  readonly totals: SeriesTotals
}

export interface RequestStart {
  readonly id: string
  readonly timeUnixMs: number
  readonly requestedModel: string
  readonly stream: boolean
}

export interface OptimizeInput {
  /** A known id, or the whole `config.json` of a model. */
  readonly model: string | Readonly<Record<string, unknown>>
  readonly devices: readonly DeviceInput[]
  readonly workload?: Workload | undefined
  readonly objective?: LatencyObjective | undefined
}

export interface RejectedPlan {
  readonly title: string
  readonly reason: string
}

export interface OptimizeResult {
  /** Best first. */
  readonly plans: readonly DeploymentPlan[]
  readonly rejected: readonly RejectedPlan[]
}

export interface ManifestFinding {
  readonly severity: 'info' | 'warning' | 'blocker'
  readonly message: string
  readonly field: string | undefined
}

export interface ClusterPlan {
  readonly manifests: readonly Readonly<Record<string, unknown>>[]
  readonly yaml: string
  readonly findings: readonly ManifestFinding[]
}

export function toSession(value: unknown): Session {
  const fields = readFields(value, 'session')
  const scopes = fields['scopes'] === undefined ? [] : readList(fields['scopes'], 'session.scopes')
  return { expiresAtUnixMs: readNumber(fields, 'expiresAtUnixMs', 'session'), scopes: scopes.map(String) }
}

export function toModels(value: unknown): readonly ModelInfo[] {
  return readList(readFields(value, 'models')['data'], 'models.data').map((item, index) => {
    const fields = readFields(item, `models.data[${index}]`)
    return { id: readText(fields, 'id', `models.data[${index}]`), ownedBy: readTextOrUndefined(fields, 'owned_by') }
  })
}

const requestNumbers = ['timeUnixMs', 'status', 'durationMs', 'inputTokens', 'outputTokens'] as const
const requestTexts = ['id', 'outcome', 'requestedModel'] as const

/** Checks the fields that every view reads; the rest is the schema of the server's own event. */
export function toRequestEvent(value: unknown, where = 'request'): RequestEvent {
  const fields = readFields(value, where)
  for (const name of requestNumbers) readNumber(fields, name, where)
  for (const name of requestTexts) readText(fields, name, where)
  readList(fields['attempts'], `${where}.attempts`)
  // Safe for the views: each field that they read without a default was checked above.
  return fields as unknown as RequestEvent
}

export function toRequestPage(value: unknown): RequestPage {
  const fields = readFields(value, 'requests')
  return {
    data: readList(fields['data'], 'requests.data').map((item, index) => toRequestEvent(item, `requests.data[${index}]`)),
    nextCursor: readTextOrUndefined(fields, 'nextCursor'),
  }
}

export function toSeries(value: unknown): Series {
  const fields = readFields(value, 'series')
  return {
    fromUnixMs: readNumber(fields, 'fromUnixMs', 'series'),
    toUnixMs: readNumber(fields, 'toUnixMs', 'series'),
    intervalMs: readNumber(fields, 'intervalMs', 'series'),
    points: readList(fields['points'], 'series.points').map((item, index) => toSeriesPoint(item, `series.points[${index}]`)),
    totals: toTotals(fields['totals']),
  }
}

function toSeriesPoint(value: unknown, where: string): SeriesPoint {
  const fields = readFields(value, where)
  return {
    timeUnixMs: readNumber(fields, 'timeUnixMs', where),
    requests: readNumberOrNull(fields, 'requests', where) ?? 0,
    errors: readNumberOrNull(fields, 'errors', where) ?? 0,
    outputTokensPerSecond: readNumberOrNull(fields, 'outputTokensPerSecond', where),
    timeToFirstTokenMsP50: readNumberOrNull(fields, 'timeToFirstTokenMsP50', where),
    timeToFirstTokenMsP95: readNumberOrNull(fields, 'timeToFirstTokenMsP95', where),
  }
}

function toTotals(value: unknown): SeriesTotals {
  if (value === undefined || value === null) return {}
  const numbers = Object.entries(readFields(value, 'series.totals')).filter(
    (entry): entry is [string, number | null] => entry[1] === null || typeof entry[1] === 'number',
  )
  return Object.fromEntries(numbers)
}

export function toRequestStart(value: unknown): RequestStart {
  const fields = readFields(value, 'request-start')
  return {
    id: readText(fields, 'id', 'request-start'),
    timeUnixMs: readNumber(fields, 'timeUnixMs', 'request-start'),
    requestedModel: readTextOrUndefined(fields, 'requestedModel') ?? '',
    stream: fields['stream'] === true,
  }
}

export function toOptimizeResult(value: unknown): OptimizeResult {
  const fields = readFields(value, 'optimize')
  return {
    plans: readList(fields['plans'], 'optimize.plans').map((plan, index) => toPlan(plan, `optimize.plans[${index}]`)),
    rejected: fields['rejected'] === undefined ? [] : readList(fields['rejected'], 'optimize.rejected').map(toRejected),
  }
}

function toPlan(value: unknown, where: string): DeploymentPlan {
  const fields = readFields(value, where)
  readText(fields, 'name', where)
  for (const name of ['model', 'engine', 'parallelism', 'memoryPerDevice', 'launch', 'predicted'] as const) {
    readFields(fields[name], `${where}.${name}`)
  }
  // Safe for the views: the parts that they open were checked above.
  return fields as unknown as DeploymentPlan
}

function toRejected(value: unknown): RejectedPlan {
  if (typeof value === 'string') return { title: '', reason: value }
  const fields = readFields(value, 'optimize.rejected')
  return { title: toRejectedTitle(fields), reason: readTextOrUndefined(fields, 'reason') ?? readTextOrUndefined(fields, 'message') ?? '' }
}

function toRejectedTitle(fields: Fields): string {
  const count = readNumberOrUndefined(fields, 'count')
  const hardware = readTextOrUndefined(fields, 'hardwareId')
  const name = readTextOrUndefined(fields, 'title') ?? readTextOrUndefined(fields, 'name') ?? hardware ?? ''
  return count === undefined ? name : `${name} ×${count}`
}

export function toClusterPlan(value: unknown): ClusterPlan {
  const fields = readFields(value, 'plan')
  const findings = fields['findings'] === undefined ? [] : readList(fields['findings'], 'plan.findings')
  return {
    manifests: readList(fields['manifests'], 'plan.manifests').map((item, index) => readFields(item, `plan.manifests[${index}]`)),
    yaml: readText(fields, 'yaml', 'plan'),
    findings: findings.map(toFinding),
  }
}

function toFinding(value: unknown): ManifestFinding {
  const fields = readFields(value, 'plan.findings')
  const severity = readTextOrUndefined(fields, 'severity')
  return {
    severity: severity === 'blocker' || severity === 'warning' ? severity : 'info',
    message: readText(fields, 'message', 'plan.findings'),
    field: readTextOrUndefined(fields, 'field'),
  }
}
