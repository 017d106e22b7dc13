'use client'
/** The trace that a request is a part of: what other programs told of it, and its sisters, on one time line. */
import { useState } from 'react'
import { readTrace, type RequestTrace as Trace } from '../client/request-record.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useResource } from '../hook/use-resource.ts'
import { Loaded } from '../part/loaded.tsx'
import { toTone } from './request-measures.ts'

export function RequestTrace({ traceId, requestId }: { readonly traceId: string; readonly requestId: string }) {
  const { requests } = useBudStrings()
  const [isOpened, setIsOpened] = useState(false)
  return (
    <details className="bud-disclosure" onToggle={() => setIsOpened(true)}>
      <summary>{requests.trace.title}</summary>
      {isOpened ? <Steps traceId={traceId} requestId={requestId} /> : null}
    </details>
  )
}

function Steps({ traceId, requestId }: { readonly traceId: string; readonly requestId: string }) {
  const { requests } = useBudStrings()
  const format = useBudFormat()
  const trace = useResource({ key: `trace:${traceId}`, load: (client, signal) => readTrace(client, traceId, { signal }) })
  return (
    <Loaded resource={trace} isEmpty={(data) => toSteps(data).length === 0} empty={{ title: requests.trace.none }}>
      {(data) => (
        <ol className="bud-attempts" aria-label={requests.trace.title}>
          {toSteps(data).map(({ id, depth, name, detail, tone, startMs, durationMs, totalMs }) => (
            <li key={id} className="bud-attempt" aria-current={id === requestId ? 'true' : undefined}>
              <span className="bud-attempt-name" data-depth={Math.min(depth, 6)}>
                <span className="bud-dot" data-tone={tone} />
                {name}
              </span>
              <span className="bud-attempt-result">{detail}</span>
              <svg className="bud-attempt-line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect className="bud-attempt-track" x="0" y="3.5" width="100" height="1" />
                <rect
                  className="bud-attempt-bar"
                  data-tone={tone}
                  x={(startMs / totalMs) * 100}
                  y="1"
                  width={Math.max((durationMs / totalMs) * 100, 0.5)}
                  height="6"
                  rx="0.5"
                />
              </svg>
              <span className="bud-attempt-time">{format.duration(durationMs)}</span>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  )
}

export interface TraceStep {
  readonly id: string
  /** How many steps it lies inside of. */
  readonly depth: number
  readonly name: string
  readonly detail: string
  readonly tone: ReturnType<typeof toTone>
  readonly startMs: number
  readonly durationMs: number
  readonly totalMs: number
}

/** Exported for tests: spans below the span that called them, in their order in time, requests of the gateway between them. */
export function toSteps({ requests, spans }: Trace): readonly TraceStep[] {
  const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]))
  const depthOf = (spanId: string) => {
    const seen = new Set<string>()
    for (let at = parents.get(spanId) ?? ''; at !== '' && parents.has(at) && !seen.has(at); at = parents.get(at) ?? '') seen.add(at)
    return seen.size
  }
  const steps = [
    ...spans.map(({ spanId, name, service, timeUnixMs, durationMs, isError }) => ({
      id: spanId,
      depth: depthOf(spanId),
      name,
      detail: service,
      tone: isError ? ('bad' as const) : ('good' as const),
      timeUnixMs,
      durationMs,
    })),
    ...requests.map(({ id, model, requestedModel, targetId, outcome, timeUnixMs, durationMs }) => ({
      id,
      depth: spans.length === 0 ? 0 : 1,
      name: model ?? requestedModel,
      detail: targetId ?? '',
      tone: toTone(outcome),
      timeUnixMs,
      durationMs,
    })),
  ].sort((left, right) => left.timeUnixMs - right.timeUnixMs || right.durationMs - left.durationMs)
  const first = steps[0]?.timeUnixMs ?? 0
  const totalMs = Math.max(...steps.map(({ timeUnixMs, durationMs }) => timeUnixMs + durationMs - first), 1)
  return steps.map(({ timeUnixMs, ...step }) => ({ ...step, startMs: timeUnixMs - first, totalMs }))
}
