'use client'
/** How close each key comes to its rate limits, by what was measured in the last window. Needs the scope `admin`. */
import type { KeyLimit, VirtualKey } from '../client/admin-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAdmin } from '../hook/use-admin.ts'
import { useAsk } from '../hook/use-ask.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { gatewayWords } from './gateway-words.ts'

/** Windows that a question can be asked about. */
const lengths: Readonly<Record<string, string>> = { minute: '1m', hour: '1h', day: '24h' }

interface Meter {
  readonly key: VirtualKey
  readonly limit: Extract<KeyLimit, { kind: 'requests' | 'tokens' }>
  readonly last: string
}

export function LimitMeters() {
  const words = useWords('gateway', gatewayWords)
  const keys = useAdmin('listKeys', {})
  return (
    <Panel title={words.limits}>
      <Loaded
        resource={keys}
        isEmpty={({ data }) => toMeters(data).length === 0}
        empty={{ title: words.noLimits, hint: words.noLimitsHint }}
      >
        {({ data }) => (
          <ul className="bud-budgets">
            {toMeters(data).map((meter) => (
              <li key={`${meter.key.id}-${meter.limit.kind}-${meter.last}`}>
                <LimitMeter meter={meter} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

/** Exported for tests: one for each limit of requests or tokens over a window of the clock. */
export function toMeters(keys: readonly VirtualKey[]): readonly Meter[] {
  return keys
    .filter(({ revokedUnixMs }) => revokedUnixMs === undefined)
    .flatMap((key) =>
      (key.limits ?? []).flatMap((limit) => {
        if (limit.kind !== 'requests' && limit.kind !== 'tokens') return []
        const last = typeof limit.window === 'string' ? lengths[limit.window] : undefined
        return last === undefined ? [] : [{ key, limit, last }]
      }),
    )
}

function LimitMeter({ meter: { key, limit, last } }: { readonly meter: Meter }) {
  const words = useWords('gateway', gatewayWords)
  const format = useBudFormat()
  const { data } = useAsk(
    { measure: ['requests', 'inputTokens', 'outputTokens'], window: { last }, filters: { keyId: [key.id] } },
    { refreshMs: 5_000 },
  )
  const values = data?.rows[0]?.values ?? {}
  const used = limit.kind === 'requests' ? (values['requests'] ?? 0) : (values['inputTokens'] ?? 0) + (values['outputTokens'] ?? 0)
  const share = used / Math.max(limit.limit, 1)
  const kind = words.limitKinds[limit.kind] ?? limit.kind
  const text = words.usedOf(format.count(used), format.count(limit.limit), words.limitWindows[last] ?? last)
  return (
    <div className="bud-meter" data-tone={share >= 1 ? 'bad' : share >= 0.8 ? 'warning' : 'good'}>
      <p>
        <span className="bud-meter-name">{key.name}</span>
        <span className="bud-muted">{kind}</span>
      </p>
      <div
        className="bud-meter-track"
        role="meter"
        aria-label={`${key.name}: ${kind}`}
        aria-valuemin={0}
        aria-valuemax={limit.limit}
        aria-valuenow={Math.min(used, limit.limit)}
        aria-valuetext={text}
      >
        <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect className="bud-meter-fill" width={Math.min(share, 1) * 100} height="4" />
        </svg>
      </div>
      <p className="bud-meter-foot">
        <bdi>{text}</bdi>
      </p>
    </div>
  )
}
