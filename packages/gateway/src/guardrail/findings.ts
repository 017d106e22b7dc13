/** What guardrails did to one call: decides by action, and adds up for the event and the metrics. */
import type { Clock, Logger } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { StageCall } from '../governance/stage.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'
import type { Side } from './guardrail-config.ts'
import { maskOf, type LocalRail, type Rail, type SchemaRail, type ServiceRail } from './rail.ts'

const findings = { name: 'bud_gateway_guardrail_findings_total', help: 'What guardrails found, by rail, side and action.' }
const failures = { name: 'bud_gateway_guardrail_failures_total', help: 'Judgements that did not come, by rail and fail policy.' }
const seconds = { name: 'bud_gateway_guardrail_seconds_total', help: 'Time in guardrails, by rail and side.' }

/** How long a caller is told to wait for a service that gave no judgement. */
const unavailableMs = 1_000

/** Of one rail on one side. */
interface Tally {
  found: number
  failed: number
  ms: number
}

export interface FindingsParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: GatewayMetrics
}

export class Findings {
  readonly #call: StageCall
  readonly #parts: FindingsParts
  /** Of all rails on both sides. */
  #ms = 0
  /** Each as `guard:action`. */
  #hits: readonly string[] = []
  readonly #tallies = new Map<Rail, Partial<Record<Side, Tally>>>()

  constructor(call: StageCall, parts: FindingsParts) {
    this.#call = call
    this.#parts = parts
  }

  /** What stands in the place of a find; undefined leaves it. Throws GATEWAY_GUARDRAIL_BLOCKED. */
  found(rail: LocalRail | ServiceRail, side: Side, label: string): string | undefined {
    this.note(rail, side)
    return rail.config.action === 'mask' ? maskOf(rail, label) : undefined
  }

  /** Throws GATEWAY_GUARDRAIL_BLOCKED where the rail blocks. */
  note(rail: Rail, side: Side): void {
    this.#tally(rail, side).found += 1
    this.#tag(rail)
    if (rail.config.action === 'block') throw gatewayErrors.GUARDRAIL_BLOCKED({ rail: rail.name, side })
  }

  /** Whether a rail has used up its time on this side of the call. Throws GATEWAY_GUARDRAIL_UNAVAILABLE where it fails closed. */
  isOver(rail: LocalRail | SchemaRail, side: Side): boolean {
    const { budgetMs } = rail.config
    if (budgetMs === undefined) return false
    const { ms, failed } = this.#tally(rail, side)
    if (ms <= budgetMs) return false
    if (failed === 0) this.failed(rail, side, new Error(`it took longer than its budget of ${String(budgetMs)} ms`))
    return true
  }

  /** No judgement came. Throws GATEWAY_GUARDRAIL_UNAVAILABLE where the rail fails closed. */
  failed(rail: Rail, side: Side, cause: unknown): void {
    const tally = this.#tally(rail, side)
    tally.failed += 1
    this.#tag(rail)
    const { failPolicy } = rail.config
    // Once for each call: a long answer asks for many judgements.
    if (tally.failed === 1) this.#parts.logger.warn('a guardrail gave no judgement', { rail: rail.name, side, failPolicy, error: cause })
    if (failPolicy === 'closed') throw gatewayErrors.GUARDRAIL_UNAVAILABLE({ rail: rail.name }, { cause, retryAfterMs: unavailableMs })
  }

  /** Runs what a rail does, and counts its time. */
  timed<Value>(rail: Rail, side: Side, act: () => Value): Value {
    const startMs = this.#parts.clock.monotonicMs()
    try {
      return act()
    } finally {
      this.spent(rail, side, startMs)
    }
  }

  spent(rail: Rail, side: Side, sinceMs: number): void {
    const ms = this.#parts.clock.monotonicMs() - sinceMs
    this.#tally(rail, side).ms += ms
    this.#ms += ms
    this.#call.note({ guardrailMs: this.#ms })
  }

  /** The call is over. */
  finish(): void {
    const { metrics } = this.#parts
    for (const [rail, sides] of this.#tallies) {
      for (const side of ['input', 'output'] as const) {
        const tally = sides[side]
        if (tally === undefined) continue
        metrics.count(seconds, { rail: rail.name, side }, tally.ms / 1_000)
        if (tally.found > 0) metrics.count(findings, { rail: rail.name, side, action: rail.config.action }, tally.found)
        if (tally.failed > 0) metrics.count(failures, { rail: rail.name, fail_policy: rail.config.failPolicy }, tally.failed)
      }
    }
  }

  #tally(rail: Rail, side: Side): Tally {
    let sides = this.#tallies.get(rail)
    if (sides === undefined) this.#tallies.set(rail, (sides = {}))
    return (sides[side] ??= { found: 0, failed: 0, ms: 0 })
  }

  /** For instance `guardrail.pii` = `mask input=2 output=1`. */
  #tag(rail: Rail): void {
    const hit = `${rail.name}:${rail.config.action}`
    if (!this.#hits.includes(hit)) {
      this.#hits = [...this.#hits, hit]
      this.#call.note({ guardrails: this.#hits })
    }
    const sides = this.#tallies.get(rail)
    const words: string[] = [rail.config.action]
    for (const side of ['input', 'output'] as const) {
      const tally = sides?.[side]
      if (tally === undefined) continue
      if (tally.found > 0) words.push(`${side}=${String(tally.found)}`)
      if (tally.failed > 0) words.push(`${side}-failed=${String(tally.failed)}`)
    }
    this.#call.addTag(`guardrail.${rail.name}`, words.join(' '))
  }
}
