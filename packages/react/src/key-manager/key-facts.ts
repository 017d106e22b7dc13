/** What a key's record says, for people. */
import type { KeyLimit, NewVirtualKey, VirtualKey } from '../client/admin-client.ts'
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'

export type KeyStatus = 'active' | 'revoked' | 'expired'

export function toKeyStatus(key: VirtualKey, nowUnixMs: number): KeyStatus {
  if (key.revokedUnixMs !== undefined) return 'revoked'
  return key.expiresUnixMs !== undefined && key.expiresUnixMs <= nowUnixMs ? 'expired' : 'active'
}

export function toLimitText(limit: KeyLimit, { keys, common }: BudStrings, format: Format): string {
  if (limit.kind === 'concurrency') return keys.concurrency(format.amount(limit.limit))
  const { window } = limit
  const length =
    typeof window === 'string' ? window : 'seconds' in window ? keys.windowSeconds(format.count(window.seconds)) : window.calendar
  switch (limit.kind) {
    case 'requests':
      return keys.window(`${format.amount(limit.limit)} ${keys.requestsUnit}`, length)
    case 'tokens':
      return keys.window(`${format.amount(limit.limit)} ${keys.tokensUnit}`, length)
    case 'spend':
      return keys.window(format.usd(limit.limitUsd), length)
    default:
      return common.none
  }
}

/** The fields of the form, as they were typed. */
export interface KeyDraft {
  readonly name: string
  readonly projectId: string
  readonly models: string
  readonly requestsPerMinute: string
  readonly tokensPerMinute: string
  readonly usdPerMonth: string
  readonly expiresDays: string
}

export const emptyDraft: KeyDraft = {
  name: '',
  projectId: '',
  models: '',
  requestsPerMinute: '',
  tokensPerMinute: '',
  usdPerMonth: '',
  expiresDays: '',
}

/** What the server is asked for; numbers that are none are left out, and the server says what is wrong with the others. */
export function toNewKey(draft: KeyDraft, nowUnixMs: number): NewVirtualKey {
  const amount = (text: string) => (text.trim() === '' ? undefined : Number(text))
  const requests = amount(draft.requestsPerMinute)
  const tokens = amount(draft.tokensPerMinute)
  const usd = amount(draft.usdPerMonth)
  const days = amount(draft.expiresDays)
  const limits = [
    ...(requests === undefined ? [] : [{ kind: 'requests', limit: requests, window: 'minute' } as const]),
    ...(tokens === undefined ? [] : [{ kind: 'tokens', limit: tokens, window: 'minute' } as const]),
    ...(usd === undefined ? [] : [{ kind: 'spend', limitUsd: usd, window: { calendar: 'month', timeZone: 'UTC' } } as const]),
  ]
  const models = draft.models
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return {
    name: draft.name.trim(),
    scopes: ['inference'],
    ...(draft.projectId.trim() === '' ? {} : { projectId: draft.projectId.trim() }),
    ...(models.length === 0 ? {} : { models }),
    ...(limits.length === 0 ? {} : { limits }),
    ...(days === undefined ? {} : { expiresUnixMs: nowUnixMs + days * 86_400_000 }),
  }
}
