/** Rate-limit headers, as the caller's dialect and the IETF draft word them. */
import type { ClaimUsage } from '@bud-foundry/core'
import type { LimitKind, PlannedLimit } from './limit-plan.ts'

type SetHeader = (name: string, value: string) => void

/** Of several limits of one kind the one with the smallest share left. */
function tightest(plan: readonly PlannedLimit[], usage: readonly ClaimUsage[], kind: LimitKind): number {
  let best = -1
  let bestShare = Number.POSITIVE_INFINITY
  for (let index = 0; index < plan.length; index += 1) {
    const limit = plan[index]
    if (limit?.kind !== kind) continue
    const share = limit.limit === 0 ? 0 : 1 - (usage[index]?.used ?? 0) / limit.limit
    if (share < bestShare) {
      best = index
      bestShare = share
    }
  }
  return best
}

/** `6m0s` or `350ms`, as OpenAI writes times (platform.openai.com/docs/guides/rate-limits). */
export function openaiDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${String(Math.ceil(durationMs))}ms`
  const seconds = Math.ceil(durationMs / 1_000)
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60]
  if (hours > 0) return `${String(hours)}h${String(minutes)}m${String(rest)}s`
  return minutes > 0 ? `${String(minutes)}m${String(rest)}s` : `${String(rest)}s`
}

const kindsWithHeaders = ['requests', 'tokens'] as const

function setDialectHeaders(options: HeaderOptions, kind: 'requests' | 'tokens'): void {
  const { plan, usage, set } = options
  const index = tightest(plan, usage, kind)
  const limit = plan[index]
  const state = usage[index]
  if (limit === undefined || state === undefined) return
  const remaining = String(Math.max(0, limit.limit - state.used))
  if (options.dialectId === 'anthropic-messages') {
    set(`anthropic-ratelimit-${kind}-limit`, String(limit.limit))
    set(`anthropic-ratelimit-${kind}-remaining`, remaining)
    set(`anthropic-ratelimit-${kind}-reset`, new Date(options.nowUnixMs + state.resetMs).toISOString())
    return
  }
  set(`x-ratelimit-limit-${kind}`, String(limit.limit))
  set(`x-ratelimit-remaining-${kind}`, remaining)
  set(`x-ratelimit-reset-${kind}`, openaiDuration(state.resetMs))
}

/** Quota units of draft-ietf-httpapi-ratelimit-headers-10; spend has none registered. */
const units: Readonly<Record<LimitKind, string>> = {
  requests: '',
  tokens: ';qu="tokens"',
  concurrency: ';qu="concurrent-requests"',
  spend: ';qu="nano-usd"',
}

function policyOf({ name, kind, limit, windowMs }: PlannedLimit, resetMs: number): string {
  const window = windowMs === 'lease' ? '' : `;w=${String(Math.ceil((windowMs === 'calendar' ? resetMs : windowMs) / 1_000))}`
  return `"${name}";q=${String(limit)}${window}${units[kind]}`
}

export interface HeaderOptions {
  readonly dialectId: string
  readonly plan: readonly PlannedLimit[]
  readonly usage: readonly ClaimUsage[]
  readonly nowUnixMs: number
  readonly set: SetHeader
}

export function setLimitHeaders(options: HeaderOptions): void {
  for (const kind of kindsWithHeaders) setDialectHeaders(options, kind)
  let policies = ''
  let states = ''
  for (let index = 0; index < options.plan.length; index += 1) {
    const limit = options.plan[index]
    const state = options.usage[index]
    if (limit === undefined || state === undefined) continue
    const comma = policies === '' ? '' : ', '
    policies += comma + policyOf(limit, state.resetMs)
    const reset = limit.windowMs === 'lease' ? '' : `;t=${String(Math.ceil(state.resetMs / 1_000))}`
    states += `${comma}"${limit.name}";r=${String(Math.max(0, limit.limit - state.used))}${reset}`
  }
  options.set('ratelimit-policy', policies)
  options.set('ratelimit', states)
}
