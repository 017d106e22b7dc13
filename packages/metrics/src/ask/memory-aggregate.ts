/** Every aggregate over an array of requests: written from the definitions, not from the SQL. */
import { toMicros } from '../table/cell.ts'
import type { StoredRequest } from '../table/request-details.ts'
import { quantileLevels, type AggregateName, type AggregateValue } from './aggregate.ts'
import type { Slo } from './request-engine.ts'

type Events = readonly StoredRequest[]

/** The value with its first eight significant bits: what the histograms of the database keep. */
function toBin(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  bits.setUint16(2, 0)
  return bits.getFloat32(0)
}

/** The smallest observed value that at least this share of all does not exceed, in its bin. */
export function quantileOf(sorted: readonly number[], level: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)]
  return value === undefined ? null : toBin(value)
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const present = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined)
const distinct = (values: readonly (string | undefined)[]) => new Set(values.filter((value) => value !== undefined && value !== '')).size

type Latency = 'durationMs' | 'timeToFirstTokenMs' | 'timePerOutputTokenMs' | 'overheadMs' | 'queueMs' | 'interTokenP50Ms'
const micros = (events: Events, field: Latency) =>
  present(events.map((event) => event[field])).map((milliseconds) => toMicros(milliseconds))

const quantiles =
  (field: Latency) =>
  (events: Events): AggregateValue => {
    const sorted = micros(events, field).toSorted((left, right) => left - right)
    return quantileLevels.map((level) => quantileOf(sorted, level))
  }
const usSum = (field: Latency) => (events: Events) => sum(micros(events, field))
const counted = (field: Latency) => (events: Events) => micros(events, field).length
const ended =
  (...outcomes: readonly string[]) =>
  (events: Events) =>
    events.filter(({ outcome }) => outcomes.includes(outcome)).length
const total =
  (field: 'inputTokens' | 'cachedInputTokens' | 'cacheWriteInputTokens' | 'outputTokens' | 'reasoningTokens') => (events: Events) =>
    sum(events.map((event) => event[field]))
const money = (field: 'costUsd' | 'providerCostUsd' | 'savedUsd') => (events: Events) => sum(present(events.map((event) => event[field])))
const failedWith = (from: number, below: number) => (events: Events) =>
  events.filter(({ outcome, status }) => outcome !== 'success' && status >= from && status < below).length

const within = (value: number | undefined, limit: number | undefined) =>
  value === undefined || limit === undefined || toMicros(value) <= Math.floor(limit * 1000)

const isGood = (event: StoredRequest, slo: Slo) =>
  event.outcome === 'success' &&
  within(event.durationMs, slo.durationMs) &&
  within(event.timeToFirstTokenMs, slo.timeToFirstTokenMs) &&
  within(event.timePerOutputTokenMs, slo.timePerOutputTokenMs)

const compute: Readonly<Record<AggregateName, (events: Events, slo: Slo) => AggregateValue>> = {
  requests: (events) => events.length,
  successes: ended('success'),
  failures: ended('error'),
  partials: ended('partial'),
  errors: ended('error', 'partial'),
  rejections: ended('rejected'),
  blocked: (events) =>
    events.filter(({ outcome, errorCode }) => outcome === 'rejected' && errorCode?.startsWith('GATEWAY_BLOCKED') === true).length,
  aborts: ended('aborted'),
  clientErrors: failedWith(400, 500),
  serverErrors: failedWith(500, 600),
  inputTokens: total('inputTokens'),
  cachedInputTokens: total('cachedInputTokens'),
  cacheWriteInputTokens: total('cacheWriteInputTokens'),
  outputTokens: total('outputTokens'),
  reasoningTokens: total('reasoningTokens'),
  costUsd: money('costUsd'),
  pricedRequests: (events) => present(events.map(({ costUsd }) => costUsd)).length,
  providerCostUsd: money('providerCostUsd'),
  savedUsd: money('savedUsd'),
  cacheHits: (events) => events.filter(({ cache }) => cache === 'hit').length,
  cacheLookups: (events) => events.filter(({ cache }) => cache !== 'none').length,
  guardrailRequests: (events) => events.filter(({ guardrails = [] }) => guardrails.length > 0).length,
  users: (events) => distinct(events.map(({ userId }) => userId)),
  keys: (events) => distinct(events.map(({ keyId }) => keyId)),
  attempts: (events) => sum(events.map(({ attempts }) => attempts.length)),
  goodRequests: (events, slo) => events.filter((event) => isGood(event, slo)).length,
  durationQuantiles: quantiles('durationMs'),
  durationUsSum: usSum('durationMs'),
  durationUsMax: (events) => Math.max(0, ...micros(events, 'durationMs')),
  timeToFirstTokenQuantiles: quantiles('timeToFirstTokenMs'),
  timeToFirstTokenUsSum: usSum('timeToFirstTokenMs'),
  timeToFirstTokenCount: counted('timeToFirstTokenMs'),
  timePerOutputTokenQuantiles: quantiles('timePerOutputTokenMs'),
  timePerOutputTokenUsSum: usSum('timePerOutputTokenMs'),
  timePerOutputTokenCount: counted('timePerOutputTokenMs'),
  interTokenQuantiles: quantiles('interTokenP50Ms'),
  interTokenCount: counted('interTokenP50Ms'),
  overheadQuantiles: quantiles('overheadMs'),
  overheadUsSum: usSum('overheadMs'),
  overheadCount: counted('overheadMs'),
  queueQuantiles: quantiles('queueMs'),
  queueUsSum: usSum('queueMs'),
  queueCount: counted('queueMs'),
}

export const computeAggregate = (name: AggregateName, events: Events, slo: Slo = {}): AggregateValue => compute[name](events, slo)
