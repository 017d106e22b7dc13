/** Which limits count a call of one key and model, each with the name it has in the store. */
import { hash } from 'node:crypto'
import type { Claim } from '@bud-foundry/core'
import { matchesName, type KeyRecord } from '../key/key-record.ts'
import type { OwnerRecord } from '../key/owner-record.ts'
import { toNanos } from '../money/nano-usd.ts'
import { CalendarWindow } from './calendar.ts'
import { fixedWindowMs, type Limit, type LimitRule, type LimitWindow } from './limit-schema.ts'

export type LimitKind = Limit['kind']

export interface PlannedLimit {
  readonly kind: LimitKind
  /** Shown in messages and headers. */
  readonly name: string
  /** What the limit is on. */
  readonly owner: { readonly kind: 'all' | 'key' | 'user' | 'project' | 'combination'; readonly id: string }
  readonly claimKey: string
  /** Requests, tokens, or billionths of a dollar. */
  readonly limit: number
  readonly windowMs: Claim['windowMs']
  readonly calendar: CalendarWindow | undefined
  /** The window in words, `minute` for instance; empty for concurrency. */
  readonly windowName: string
}

/** Those whom a call is counted for. */
export interface Caller {
  readonly key: KeyRecord | undefined
  readonly project: OwnerRecord | undefined
  readonly user: OwnerRecord | undefined
}

const noOne = '-'
/** Store keys have a bound; ids and model names of callers have none. */
const plainKeyLength = 250

function readWindow(window: LimitWindow | undefined): Pick<PlannedLimit, 'windowMs' | 'calendar' | 'windowName'> {
  if (window === undefined) return { windowMs: 'lease', calendar: undefined, windowName: '' }
  if (typeof window === 'string') return { windowMs: fixedWindowMs[window], calendar: undefined, windowName: window }
  if ('seconds' in window) return { windowMs: window.seconds * 1_000, calendar: undefined, windowName: `${String(window.seconds)}s` }
  const { calendar: unit, timeZone } = window
  return { windowMs: 'calendar', calendar: new CalendarWindow(unit, timeZone), windowName: `${unit}@${timeZone}` }
}

const windowOf = (limit: Limit | LimitRule): LimitWindow | undefined => (limit.kind === 'concurrency' ? undefined : limit.window)

const isAmong = (names: readonly string[] | undefined, name: string | undefined): boolean =>
  names === undefined || (name !== undefined && matchesName(names, name))

/** The same for the same limit in every process, whatever else is configured; a changed amount keeps what was used. */
function claimKeyOf(limit: Limit | LimitRule, owner: PlannedLimit['owner'], model: string, windowName: string): string {
  const models = limit.models === undefined ? '' : limit.models.toSorted().join(',')
  const key = ['limit', limit.kind, windowName, owner.kind, owner.id, models, limit.perModel === true ? model : '']
    .map(encodeURIComponent)
    .join('/')
  return key.length <= plainKeyLength ? key : `limit/${limit.kind}/${hash('sha256', key, 'hex')}`
}

function plan(limit: Limit | LimitRule, owner: PlannedLimit['owner'], model: string): PlannedLimit {
  const window = readWindow(windowOf(limit))
  const amount = limit.kind === 'spend' ? toNanos(limit.limitUsd) : limit.limit
  const words = [limit.kind, owner.kind, window.windowName.replace(/@.*/, '')].filter((word) => word !== '')
  return {
    kind: limit.kind,
    name: limit.name ?? words.join('-'),
    owner,
    claimKey: claimKeyOf(limit, owner, model, window.windowName),
    limit: amount,
    ...window,
  }
}

/** Where a limit of a record counts, for those who add what was used before it was there. */
export function countOf(
  limit: Limit,
  owner: { readonly kind: 'key' | 'user' | 'project'; readonly id: string },
  nowUnixMs: number,
): Pick<Claim, 'key' | 'windowMs' | 'boundariesUnixMs'> {
  const { claimKey, windowMs, calendar } = plan(limit, owner, '')
  return { key: claimKey, windowMs, boundariesUnixMs: calendar?.boundariesUnixMs(nowUnixMs) }
}

function ownerOfRule(rule: LimitRule, { key }: Caller): PlannedLimit['owner'] {
  const ids = { key: key?.id ?? noOne, user: key?.userId ?? noOne, project: key?.projectId ?? noOne }
  const filters = [rule.keys, rule.users, rule.projects].map((names) => names?.toSorted().join(',') ?? '').join(';')
  const suffix = filters === ';;' ? '' : `|${filters}`
  const per = rule.per ?? []
  const [only] = per
  if (only === undefined) return { kind: 'all', id: suffix }
  if (per.length === 1) return { kind: only, id: `${ids[only]}${suffix === '' ? '#' : suffix}` }
  return {
    kind: 'combination',
    id:
      per
        .toSorted()
        .map((each) => `${each}=${ids[each]}`)
        .join('+') + suffix,
  }
}

/** Claims on the same window at once would be one claim too many: the stricter one counts. */
function withoutDoubles(limits: readonly PlannedLimit[]): readonly PlannedLimit[] {
  const byKey = new Map<string, PlannedLimit>()
  for (const limit of limits) {
    const other = byKey.get(limit.claimKey)
    if (other === undefined || limit.limit < other.limit) byKey.set(limit.claimKey, limit)
  }
  return [...byKey.values()]
}

/** What a call asked for, and what serves it: another one where a model has variants. */
export interface NamedModel {
  readonly model: string
  readonly requestedModel: string
}

/** All limits that count a call; in the order key, user, project, configuration. */
export function planLimits(rules: readonly LimitRule[], caller: Caller, { model, requestedModel }: NamedModel): readonly PlannedLimit[] {
  const { key, project, user } = caller
  const counts = (limit: Limit | LimitRule) => isAmong(limit.models, model) || isAmong(limit.models, requestedModel)
  const onRecord = (
    kind: 'key' | 'user' | 'project',
    record: { readonly id: string; readonly limits?: readonly Limit[] | undefined } | undefined,
  ) => (record?.limits ?? []).filter(counts).map((limit) => plan(limit, { kind, id: record?.id ?? noOne }, model))
  const configured = rules
    .filter(
      (rule) => counts(rule) && isAmong(rule.keys, key?.id) && isAmong(rule.users, key?.userId) && isAmong(rule.projects, key?.projectId),
    )
    .map((rule) => plan(rule, ownerOfRule(rule, caller), model))
  return withoutDoubles([...onRecord('key', key), ...onRecord('user', user), ...onRecord('project', project), ...configured])
}
