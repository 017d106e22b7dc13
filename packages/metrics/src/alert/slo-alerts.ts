/** Alerts on the speed at which an objective's error budget burns, over a long and a short window at once. */
import type { Clock, Logger } from '@bud-foundry/core'
import { z } from 'zod'
import { resolveConfig, silentLogger } from '@bud-foundry/core'
import type { AskMeasure } from '../ask/measures/registry.ts'
import { dimensionNames } from '../ask/dimension.ts'
import type { Question } from '../ask/question.ts'
import type { MetricsReader } from '../ask/reader.ts'
import { metricsLimits } from '../limits.ts'

/**
 * The windows and rates that the SRE Workbook recommends (Google, 2018, chapter 5, table 5-8) for an objective of 30 days: each spends a
 * known share of the budget before it fires, and the short window, a twelfth of the long one, ends the alert soon after the fault.
 */
export const burnRates = Object.freeze([
  { severity: 'page', longMs: 3_600_000, shortMs: 300_000, rate: 14.4, budgetShare: 0.02 },
  { severity: 'page', longMs: 21_600_000, shortMs: 1_800_000, rate: 6, budgetShare: 0.05 },
  { severity: 'ticket', longMs: 259_200_000, shortMs: 21_600_000, rate: 1, budgetShare: 0.1 },
] as const)

const limitMs = z.number().positive().max(86_400_000).optional()
// Safe: the names of dimensions are texts.
const filterName = z.enum(dimensionNames as readonly [string, ...string[]])

/** `success`: not an error; `latency`: also within the limits, so a slow answer counts as a bad one. */
export const objectiveSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Share of the requests that must be good, such as 0.999. */
  target: z.number().gt(0).lt(1),
  /** Absent: every request that is no error is good. */
  slo: z.strictObject({ durationMs: limitMs, timeToFirstTokenMs: limitMs, timePerOutputTokenMs: limitMs }).optional(),
  filters: z.partialRecord(filterName, z.union([z.string(), z.array(z.string()).min(1)])).optional(),
  /** Fewer requests in a window never fire: one failure of three is no trend. Default 10. */
  requestsMin: z.int().min(1).default(10),
})

export type Objective = z.input<typeof objectiveSchema>

export interface Burn {
  readonly requests: number
  readonly bad: number
  /** How many times faster than allowed the budget burns; 1 spends exactly the budget. Null: no requests. */
  readonly rate: number | null
}

export interface AlertState {
  readonly objective: string
  readonly severity: 'page' | 'ticket'
  readonly longWindowMs: number
  readonly firing: boolean
  readonly long: Burn
  readonly short: Burn
  readonly threshold: number
}

export interface AlertNotice extends AlertState {
  readonly state: 'firing' | 'resolved'
  readonly sinceUnixMs: number
  readonly atUnixMs: number
}

/** Aborted and rejected requests are neither good nor bad: the caller left, or broke a rule. */
const measuresOf = (objective: z.output<typeof objectiveSchema>): readonly AskMeasure[] =>
  objective.slo === undefined ? ['successes', 'errors'] : ['successes', 'errors', 'goodRequests']

function readBurn(objective: z.output<typeof objectiveSchema>, values: Readonly<Partial<Record<AskMeasure, number | null>>>): Burn {
  const requests = (values.successes ?? 0) + (values.errors ?? 0)
  const good = objective.slo === undefined ? (values.successes ?? 0) : (values.goodRequests ?? 0)
  const bad = requests - good
  return { requests, bad, rate: requests === 0 ? null : bad / requests / (1 - objective.target) }
}

/** Both windows of every rate, in one pass over each window. @throws METRICS_DATABASE_UNAVAILABLE */
export async function readAlerts(
  reader: MetricsReader,
  objectives: readonly z.output<typeof objectiveSchema>[],
  nowUnixMs: number,
  signal?: AbortSignal,
): Promise<readonly AlertState[]> {
  const windows: readonly number[] = [...new Set<number>(burnRates.flatMap(({ longMs, shortMs }) => [longMs, shortMs]))]
  const states: AlertState[] = []
  for (const objective of objectives) {
    const questions = windows.map((lengthMs): Question => ({
      measure: measuresOf(objective),
      window: { fromUnixMs: nowUnixMs - lengthMs, toUnixMs: nowUnixMs },
      // Safe: the schema admits only names of dimensions, each with values.
      filters: objective.filters ?? {},
      slo: objective.slo as Question['slo'],
    }))
    const answers = await reader.askMany(questions, signal)
    const burnOf = (lengthMs: number) => readBurn(objective, answers[windows.indexOf(lengthMs)]?.rows[0]?.values ?? {})
    for (const { severity, longMs, shortMs, rate } of burnRates) {
      const [long, short] = [burnOf(longMs), burnOf(shortMs)]
      const burns = ({ rate: burning, requests }: Burn) => burning !== null && burning >= rate && requests >= 1
      const firing = burns(long) && burns(short) && long.requests >= objective.requestsMin
      states.push({ objective: objective.name, severity, longWindowMs: longMs, firing, long, short, threshold: rate })
    }
  }
  return states
}

export interface SloAlertsOptions {
  readonly reader: MetricsReader
  readonly objectives: readonly Objective[]
  /** Called when an alert begins and when it ends; a failure is logged, and the next change is told again. */
  readonly notify: (notice: AlertNotice, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  /** Default: silent. */
  readonly logger?: Logger
  /** Between two looks; default 60,000. */
  readonly everyMs?: number
}

export interface SloAlerts extends AsyncDisposable {
  /** Looks now; what `everyMs` does by itself. @throws what the reader throws */
  check(): Promise<readonly AlertState[]>
}

const objectivesSchema = z
  .array(objectiveSchema)
  .max(metricsLimits.objectives)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, { error: 'has two objectives of one name' })

/** Starts looking at once. @throws CORE_CONFIG_INVALID */
export function createSloAlerts(options: SloAlertsOptions): SloAlerts {
  const { reader, notify, clock, logger = silentLogger, everyMs = 60_000 } = options
  const objectives = resolveConfig('objectives', objectivesSchema, options.objectives)
  const since = new Map<string, number>()
  const closing = new AbortController()

  async function tell(state: AlertState, kind: AlertNotice['state'], sinceUnixMs: number): Promise<boolean> {
    try {
      await notify({ ...state, state: kind, sinceUnixMs, atUnixMs: clock.nowMs() }, closing.signal)
      return true
    } catch (error) {
      logger.error('an alert could not be sent', { objective: state.objective, state: kind, error })
      return false
    }
  }

  async function check(): Promise<readonly AlertState[]> {
    const states = await readAlerts(reader, objectives, clock.nowMs(), closing.signal)
    for (const state of states) {
      const key = JSON.stringify([state.objective, state.severity, state.longWindowMs])
      const began = since.get(key)
      if (state.firing && began === undefined) {
        if (await tell(state, 'firing', clock.nowMs())) since.set(key, clock.nowMs())
      } else if (!state.firing && began !== undefined && (await tell(state, 'resolved', began))) since.delete(key)
    }
    return states
  }

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await check()
      } catch (error) {
        if (!closing.signal.aborted) logger.error('objectives could not be checked', { error })
      }
      await clock.sleep(everyMs, closing.signal).catch(() => undefined)
    }
  }
  const running = loop()
  return {
    check,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}
