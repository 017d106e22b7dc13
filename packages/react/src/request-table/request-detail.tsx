'use client'
/** Everything known about one request: its facts, and its attempts on a common time line. */
import type { Attempt, RequestEvent } from '@bud-foundry/core'
import { useContext, useId } from 'react'
import { BudContext, useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { toTone } from './request-measures.ts'
import { RequestTexts } from './request-texts.tsx'
import { RequestTrace } from './request-trace.tsx'

export function RequestDetail({ request }: { readonly request: RequestEvent }) {
  const { requests } = useBudStrings()
  const attemptsId = useId()
  // A table that was given its data may stand on a page without a client.
  const canAsk = useContext(BudContext).connection !== undefined
  return (
    <div className="bud-detail">
      <Facts request={request} />
      <div>
        <p id={attemptsId} className="bud-detail-title">
          {requests.attemptsTitle(request.attempts.length)}
        </p>
        {request.attempts.length === 0 ? (
          <p className="bud-detail-empty">{requests.noAttempts}</p>
        ) : (
          <ol className="bud-attempts" aria-labelledby={attemptsId}>
            {request.attempts.map((attempt, index) => (
              <AttemptRow key={index} attempt={attempt} totalMs={request.durationMs} />
            ))}
          </ol>
        )}
      </div>
      {canAsk ? (
        <div className="bud-detail-more">
          <RequestTexts requestId={request.id} />
          <RequestTrace traceId={request.traceId} requestId={request.id} />
        </div>
      ) : null}
    </div>
  )
}

function Facts({ request }: { readonly request: RequestEvent }) {
  const { requests } = useBudStrings()
  const { detail } = requests
  const format = useBudFormat()
  const optional = (value: number | undefined, show: (value: number) => string) => (value === undefined ? undefined : show(value))
  const facts: readonly (readonly [string, string | undefined])[] = [
    [detail.time, format.dateTime(request.timeUnixMs)],
    [detail.operation, `${request.operation} · ${request.dialect}`],
    [detail.requestedModel, request.requestedModel],
    [detail.provider, request.providerId],
    [detail.errorCode, request.errorCode],
    [detail.blockRule, request.blockRuleId],
    [detail.guardrails, request.guardrails?.join(', ')],
    [requests.target, request.targetId],
    [requests.duration, format.duration(request.durationMs)],
    [requests.tokens, `${format.count(request.inputTokens)} → ${format.count(request.outputTokens)}`],
    [detail.finish, request.finishReason],
    [detail.overhead, optional(request.overheadMs, format.duration)],
    [detail.perToken, optional(request.timePerOutputTokenMs, format.duration)],
    [detail.cachedTokens, request.cachedInputTokens > 0 ? format.count(request.cachedInputTokens) : undefined],
    [detail.usage, detail.usageSources[request.usageSource]],
    [detail.cost, optional(request.costUsd, format.usd)],
    [detail.key, request.keyId],
    [detail.project, request.projectId],
    [detail.userAgent, request.userAgent],
  ]
  return (
    <dl className="bud-facts">
      <Identifier name={detail.id} value={request.id} />
      <Identifier name={detail.trace} value={request.traceId} />
      {facts.map(([name, value]) =>
        value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

function Identifier({ name, value }: { readonly name: string; readonly value: string }) {
  const { common } = useBudStrings()
  return (
    <div>
      <dt>{name}</dt>
      <dd className="bud-identifier">
        <code title={value}>{value}</code>
        <CopyButton text={value} label={`${common.copy} ${name}`} isIconOnly />
      </dd>
    </div>
  )
}

function AttemptRow({ attempt, totalMs }: { readonly attempt: Attempt; readonly totalMs: number }) {
  const { requests } = useBudStrings()
  const format = useBudFormat()
  const scale = Math.max(totalMs, attempt.startMs + attempt.durationMs, 1)
  const start = (attempt.startMs / scale) * 100
  const length = Math.max((attempt.durationMs / scale) * 100, 0.5)
  const first = attempt.timeToFirstTokenMs === undefined ? undefined : (attempt.timeToFirstTokenMs / scale) * 100
  return (
    <li className="bud-attempt">
      <span className="bud-attempt-name">
        <span className="bud-dot" data-tone={toTone(attempt.outcome)} />
        {attempt.targetId}
      </span>
      <span className="bud-attempt-result">
        {attempt.status === undefined ? requests.outcomes[attempt.outcome] : `${attempt.status} ${requests.outcomes[attempt.outcome]}`}
        {attempt.errorCode === undefined ? null : <code>{attempt.errorCode}</code>}
      </span>
      <svg className="bud-attempt-line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect className="bud-attempt-track" x="0" y="3.5" width="100" height="1" />
        <rect className="bud-attempt-bar" data-tone={toTone(attempt.outcome)} x={start} y="1" width={length} height="6" rx="0.5" />
        {first === undefined ? null : <rect className="bud-attempt-first" x={start + first} y="0" width="0.6" height="8" />}
      </svg>
      <span className="bud-attempt-time">{format.duration(attempt.durationMs)}</span>
    </li>
  )
}
