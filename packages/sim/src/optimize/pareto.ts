/** The configurations that nothing beats in cost, latency and throughput at once. */
import type { Evaluated } from './evaluate.ts'

/** One choice of the front. */
export interface FrontPoint {
  readonly hardwareId: string
  readonly engineId: string
  readonly replicas: number
  readonly devices: number
  readonly tensor: number
  readonly pipeline: number
  readonly weights: string
  /** Absent when a device has no price; devices then stand in for cost. */
  readonly usdPerHour: number | undefined
  readonly usdPerMillionOutputTokens: number | undefined
  readonly endToEndMs: number
  readonly timeToFirstTokenMs: number
  readonly timePerOutputTokenMs: number
  readonly outputTokensPerSecond: number
}

/** The entries that no other one is at least as good as in all goals (lower is better) and better in one; equal ones count once. */
export function nonDominated<Item>(items: readonly Item[], goalsOf: (item: Item) => readonly number[]): readonly Item[] {
  const goals = items.map(goalsOf)
  const compare = (left: readonly number[], right: readonly number[]) => {
    for (const [index, value] of left.entries()) {
      const other = right[index] ?? 0
      if (value !== other) return value < other ? -1 : 1
    }
    return 0
  }
  // In this order nothing is beaten by what comes after it, so that each entry is only compared with the front so far.
  const order = items.map((_, index) => index).sort((left, right) => compare(goals[left] ?? [], goals[right] ?? []) || left - right)
  const front = new Set<number>()
  for (const index of order) {
    const own = goals[index] ?? []
    let beaten = false
    for (const at of front) {
      beaten = (goals[at] ?? []).every((value, goal) => value <= (own[goal] ?? Infinity))
      if (beaten) break
    }
    if (!beaten) front.add(index)
  }
  return items.filter((_, index) => front.has(index))
}

const goalsOf = (priced: boolean) => (evaluated: Evaluated) => [
  priced ? (evaluated.usdPerHour ?? Infinity) : evaluated.devices,
  evaluated.estimate.endToEndSeconds,
  -evaluated.outputTokensPerSecond,
]

/** Cheapest first; without a price of every device, by devices. */
export function paretoFront(offered: readonly Evaluated[]): readonly FrontPoint[] {
  const priced = offered.every(({ usdPerHour }) => usdPerHour !== undefined)
  const goals = goalsOf(priced)
  return nonDominated(offered, goals)
    .toSorted((left, right) => (goals(left)[0] ?? 0) - (goals(right)[0] ?? 0))
    .map(({ candidate: { pool, engine, settings }, estimate, ...evaluated }) => ({
      hardwareId: pool.hardware.id,
      engineId: engine.id,
      replicas: evaluated.replicas,
      devices: evaluated.devices,
      tensor: settings.tensor,
      pipeline: settings.pipeline,
      weights: settings.weights,
      usdPerHour: evaluated.usdPerHour,
      usdPerMillionOutputTokens: evaluated.usdPerMillionOutputTokens,
      endToEndMs: estimate.endToEndSeconds * 1000,
      timeToFirstTokenMs: estimate.timeToFirstTokenSeconds * 1000,
      timePerOutputTokenMs: estimate.timePerOutputTokenSeconds * 1000,
      outputTokensPerSecond: evaluated.outputTokensPerSecond,
    }))
}
