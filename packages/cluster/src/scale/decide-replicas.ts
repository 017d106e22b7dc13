/**
 * How many replicas a deployment should have: a pure decision from what was measured. The order of the rules is that of Bud's scaler: metrics,
 * prediction, schedule as floor, cost as ceiling, bounds, rate of change, pods that still start, stabilisation.
 */
import { coreErrors } from '@bud-foundry/core'

/** One measured signal and where it should be, per replica: `waiting` 4, `kvUsage` 0.8. */
export interface ScaleSignal {
  readonly name: string
  readonly value: number
  readonly target: number
}

export interface ScaleRules {
  readonly minReplicas: number
  readonly maxReplicas: number
  /** Share of the way towards the signal that one decision goes. */
  readonly gain?: { readonly up: number; readonly down: number } | undefined
  /** A ratio this close to 1 changes nothing. */
  readonly tolerance?: number | undefined
  /** The highest wish of the last so many milliseconds counts when shrinking, the lowest when growing. */
  readonly stabilizationMs?: { readonly up: number; readonly down: number } | undefined
  /** Largest factor of one decision. */
  readonly rate?: { readonly up: number; readonly down: number } | undefined
  readonly usdPerReplicaHour?: number | undefined
  readonly usdPerHourMax?: number | undefined
  /** Without a request for so long, a deployment with `minReplicas` 0 goes to 0. */
  readonly idleMs?: number | undefined
}

export interface ScaleInput {
  readonly nowMs: number
  readonly replicas: number
  /** Fewer than `replicas` while some still start. */
  readonly readyReplicas: number
  readonly signals: readonly ScaleSignal[]
  /** Requests that wait or run now, also those held back while there is no replica. */
  readonly requestsOpen: number
  readonly lastRequestMs?: number | undefined
  /** What `sim` or a forecast expects to be needed, with confidence 0 to 1. */
  readonly predicted?: { readonly replicas: number; readonly confidence: number } | undefined
  /** Replicas that a schedule wants now. */
  readonly scheduled?: number | undefined
}

/** A wish of the past, for stabilisation. */
export interface ScaleWish {
  readonly atMs: number
  readonly replicas: number
}

export interface ScaleDecision {
  readonly replicas: number
  /** Why, in the order of the rules. */
  readonly reasons: readonly string[]
  /** To be passed to the next decision. */
  readonly wishes: readonly ScaleWish[]
}

/** Bud's scaler uses these values (docs of its controller). */
const defaults = {
  gain: { up: 0.8, down: 0.5 },
  tolerance: 0.1,
  stabilizationMs: { up: 0, down: 300_000 },
  rate: { up: 2, down: 0.5 },
  idleMs: 300_000,
  predictionWeight: 0.3,
  confidenceMin: 0.7,
} as const

interface Running {
  readonly reasons: string[]
  wanted: number
}

function bySignals({ replicas, signals }: ScaleInput, rules: ScaleRules, running: Running): void {
  const tolerance = rules.tolerance ?? defaults.tolerance
  const gain = rules.gain ?? defaults.gain
  // Prometheus answers NaN to 0/0 and to a metric that has vanished: a broken measurement holds, and never shrinks.
  const broken = signals.filter(({ value }) => !Number.isFinite(value) || value < 0)
  for (const { name, value } of broken) running.reasons.push(`${name} cannot be read (${String(value)}): it holds`)
  const wishes = signals.map(({ name, value, target }) => {
    if (broken.some((signal) => signal.name === name)) return { name, wanted: replicas }
    const ratio = value / target
    if (Math.abs(ratio - 1) <= tolerance) return { name, wanted: replicas }
    if (ratio > 1) return { name, wanted: Math.ceil(replicas * (1 + gain.up * (ratio - 1))) }
    const enough = Math.ceil(replicas * ratio - 1e-9)
    // At least one replica goes when fewer are enough: rounding up must not keep it for ever.
    const step = Math.min(Math.ceil(replicas * (1 + gain.down * (ratio - 1))), replicas - 1)
    return { name, wanted: Math.min(replicas, Math.max(enough, step)) }
  })
  // The signal in need decides; one that is at ease must not take replicas from it.
  const highest = wishes.reduce((best, wish) => (wish.wanted > best.wanted ? wish : best), { name: 'none', wanted: 0 })
  if (wishes.length === 0) return
  running.wanted = highest.wanted
  if (highest.wanted !== replicas) running.reasons.push(`${highest.name} asks for ${String(highest.wanted)}`)
}

function byPrediction({ predicted }: ScaleInput, running: Running): void {
  if (predicted === undefined || !(predicted.confidence >= defaults.confidenceMin) || !(predicted.replicas >= 0)) return
  const weight = defaults.predictionWeight * predicted.confidence
  const blended = Math.ceil(running.wanted * (1 - weight) + predicted.replicas * weight - 1e-9)
  if (blended !== running.wanted) running.reasons.push(`prediction of ${String(predicted.replicas)} moves it to ${String(blended)}`)
  running.wanted = blended
}

function clamp(running: Running, low: number, high: number, why: string): void {
  const bounded = Math.min(high, Math.max(low, running.wanted))
  if (bounded !== running.wanted) running.reasons.push(`${why} makes it ${String(bounded)}`)
  running.wanted = bounded
}

/** From nothing and to nothing are decided by requests alone: there is no replica to measure. */
function byIdleness(input: ScaleInput, rules: ScaleRules): ScaleDecision['reasons'] | undefined {
  if (rules.minReplicas > 0 || (input.scheduled ?? 0) > 0 || input.requestsOpen > 0) return undefined
  // A caller that has just started knows of no request; nothing says then that it has been quiet for long.
  if (input.lastRequestMs === undefined) return undefined
  const idleMs = input.nowMs - input.lastRequestMs
  return idleMs >= (rules.idleMs ?? defaults.idleMs) ? ['no request for long enough: scale to zero'] : undefined
}

function stabilise(input: ScaleInput, rules: ScaleRules, running: Running, past: readonly ScaleWish[]): readonly ScaleWish[] {
  const window = rules.stabilizationMs ?? defaults.stabilizationMs
  const wishes = [...past, { atMs: input.nowMs, replicas: running.wanted }].filter(
    ({ atMs }) => input.nowMs - atMs <= Math.max(window.up, window.down),
  )
  const within = (spanMs: number) => wishes.filter(({ atMs }) => input.nowMs - atMs <= spanMs).map(({ replicas }) => replicas)
  const shrink = Math.max(...within(window.down))
  const grow = Math.min(...within(window.up))
  const settled =
    running.wanted < input.replicas ? Math.min(input.replicas, shrink) : Math.max(input.replicas, Math.min(running.wanted, grow))
  if (settled !== running.wanted) running.reasons.push(`stabilisation holds it at ${String(settled)}`)
  running.wanted = settled
  return wishes
}

/** @throws CORE_CONFIG_INVALID naming the rule or the number that makes no sense. */
function assertRules({ replicas, readyReplicas, signals }: ScaleInput, { minReplicas, maxReplicas }: ScaleRules): void {
  const whole = (value: number) => Number.isInteger(value) && value >= 0
  const problems = [
    [!whole(minReplicas), 'minReplicas', minReplicas, 'use a whole number of 0 or more'],
    [!whole(maxReplicas) || maxReplicas < 1, 'maxReplicas', maxReplicas, 'use a whole number of 1 or more'],
    [minReplicas > maxReplicas, 'minReplicas', minReplicas, `use at most maxReplicas, ${String(maxReplicas)}`],
    [!whole(replicas), 'replicas', replicas, 'tell how many replicas there are'],
    [!whole(readyReplicas), 'readyReplicas', readyReplicas, 'tell how many of them are ready'],
    ...signals.map(({ name, target }) => [!(target > 0), `signals.${name}.target`, target, 'use a target of more than 0'] as const),
  ] as const
  const issues = problems.flatMap(([wrong, path, value, fix]) => (wrong ? [{ path, message: `${path} is ${String(value)}`, fix }] : []))
  if (issues.length > 0) throw coreErrors.CONFIG_INVALID({ what: 'scale', issues })
}

/** Pure: the same input gives the same decision. Bounds hold whatever the signals say. */
export function decideReplicas(input: ScaleInput, rules: ScaleRules, past: readonly ScaleWish[] = []): ScaleDecision {
  const { minReplicas, maxReplicas } = rules
  assertRules(input, rules)
  const idle = byIdleness(input, rules)
  if (idle !== undefined) return { replicas: 0, reasons: idle, wishes: [] }
  const affordable =
    rules.usdPerHourMax === undefined || !rules.usdPerReplicaHour ? maxReplicas : Math.floor(rules.usdPerHourMax / rules.usdPerReplicaHour)
  const ceiling = Math.max(minReplicas, Math.min(maxReplicas, affordable))
  const running: Running = { reasons: [], wanted: input.replicas }
  if (input.replicas === 0) {
    running.wanted = 1
    running.reasons.push('a request arrived while there was no replica')
  } else {
    bySignals(input, rules, running)
    byPrediction(input, running)
  }
  if (input.scheduled !== undefined) clamp(running, input.scheduled, Number.POSITIVE_INFINITY, 'the schedule')
  if (affordable < maxReplicas) clamp(running, 0, ceiling, 'the budget')
  // With requests about, one replica stays even where none is the minimum.
  clamp(running, Math.max(minReplicas, 1), Math.max(1, ceiling), 'the bounds')
  if (input.replicas > 0) {
    const rate = rules.rate ?? defaults.rate
    clamp(
      running,
      // Above its ceilings it comes down at once: those are somebody's money.
      Math.min(Math.max(minReplicas, Math.floor(input.replicas * rate.down), 1), Math.max(1, ceiling)),
      Math.max(minReplicas, Math.ceil(input.replicas * rate.up)),
      'the rate of change',
    )
  }
  if (input.readyReplicas < input.replicas && running.wanted !== input.replicas && input.replicas <= ceiling) {
    // Replicas that start are not measured yet: more would ask twice for the same load, and fewer would stop what is about to take it.
    running.reasons.push(`${String(input.replicas - input.readyReplicas)} replicas still start: wait for them`)
    running.wanted = input.replicas
  }
  const wishes = stabilise(input, rules, running, past)
  return { replicas: Math.min(Math.max(1, ceiling), Math.max(minReplicas, running.wanted)), reasons: running.reasons, wishes }
}
