/** Lets the load on the best deployment grow until something gives way, and says what it is. */
import { loadShippedCorrections } from '../correct/corrections.ts'
import { simErrors } from '../errors.ts'
import { evaluateReplicas, type Evaluated } from './evaluate.ts'
import { resolveOptimizeRequest, type OptimizeRequest, type ResolvedRequest } from './optimize-request.ts'
import type { OptimizeOptions } from './optimizer.ts'
import { describeQueue, describeUse, tightestUse } from './reasons.ts'
import { search } from './search.ts'

/** The deployment at one load. */
export interface LoadPoint {
  /** Requests in flight or arriving each second, as the request's workload has it. */
  readonly load: number
  readonly timeToFirstTokenMs: number
  readonly timePerOutputTokenMs: number
  readonly endToEndMs: number
  readonly outputTokensPerSecond: number
  /** Why this is too much; absent while it holds. */
  readonly broken?: string
}

export interface LoadLimit {
  readonly unit: 'requests in flight' | 'requests a second'
  /** The most that holds; 0 when not even the asked load's smallest share does. */
  readonly holdsUpTo: number
  /** What gives way first beyond that, in words; undefined when nothing does up to the largest load looked at. */
  readonly breaksFirst: string | undefined
  /** From a light load to beyond the limit, rising. */
  readonly points: readonly LoadPoint[]
  readonly summary: readonly string[]
}

/** Loads beyond this many times the asked one are not looked at. */
const growthMax = 1024

function withLoad(request: ResolvedRequest, load: number): ResolvedRequest {
  const { workload } = request
  return {
    ...request,
    workload: workload.requestsPerSecond === undefined ? { ...workload, concurrency: load } : { ...workload, requestsPerSecond: load },
  }
}

function judge(request: ResolvedRequest, best: Evaluated, load: number): LoadPoint | string {
  const asked = withLoad(request, load)
  const at = evaluateReplicas(asked, best.candidate, best.replica, best.replicas)
  if (at === undefined) return `${load.toPrecision(3)} requests arrive in a second and fewer are answered: the queue grows without end.`
  const tightest = tightestUse(at)
  const broken =
    tightest !== undefined && tightest.ratio > 1
      ? `${describeUse(tightest)}.`
      : at.estimate.waiting > 0
        ? `${at.estimate.batchLimit === 'kv-cache' ? 'The KV cache is full.' : 'The batch limit is reached.'} ${describeQueue(at)}`
        : undefined
  return {
    load,
    timeToFirstTokenMs: at.estimate.timeToFirstTokenSeconds * 1000,
    timePerOutputTokenMs: at.estimate.timePerOutputTokenSeconds * 1000,
    endToEndMs: at.estimate.endToEndSeconds * 1000,
    outputTokensPerSecond: at.outputTokensPerSecond,
    ...(broken === undefined ? {} : { broken }),
  }
}

const brokenOf = (point: LoadPoint | string) => (typeof point === 'string' ? point : point.broken)

/**
 * Takes the best deployment of the request and changes only its load.
 * @throws as `optimize`.
 */
export async function findLoadLimit(input: OptimizeRequest, options: OptimizeOptions = {}): Promise<LoadLimit> {
  const request = resolveOptimizeRequest(input, options.corrections ?? (await loadShippedCorrections()))
  const { ranked } = await search({ ...request, serving: 'aggregated' }, options)
  const [best] = ranked
  if (best === undefined) throw simErrors.NOTHING_RUNS({ model: request.model.id, reasons: ['nothing fits; `optimize` says what would'] })
  const inFlight = request.workload.requestsPerSecond === undefined
  const unit = inFlight ? 'requests in flight' : 'requests a second'
  const toLoad = (value: number) => (inFlight ? Math.max(1, Math.round(value)) : value)
  const asked = request.workload.requestsPerSecond ?? request.workload.concurrency ?? 1
  const points: LoadPoint[] = []
  const look = (value: number) => {
    const load = toLoad(value)
    const point = judge(request, best, load)
    if (typeof point !== 'string' && points.every((known) => known.load !== load)) points.push(point)
    return point
  }
  let holds = 0
  let fails: number | undefined
  for (let share = 1 / 8; share <= growthMax && fails === undefined; share *= Math.SQRT2) {
    const load = toLoad(asked * share)
    if (brokenOf(look(load)) === undefined) holds = load
    else fails = load
  }
  let reason = fails === undefined ? undefined : brokenOf(look(fails))
  while (fails !== undefined && fails - holds > (inFlight ? 1 : 0.005 * fails)) {
    const middle = toLoad((holds + fails) / 2)
    const broken = brokenOf(look(middle))
    if (broken === undefined) holds = middle
    else [fails, reason] = [middle, broken]
  }
  points.sort((left, right) => left.load - right.load)
  const amount = inFlight ? String(holds) : holds.toPrecision(3)
  return {
    unit,
    holdsUpTo: holds,
    breaksFirst: reason,
    points,
    summary: [
      `It holds up to ${amount} ${unit}, ${(holds / asked).toFixed(1)} times the asked load.`,
      ...(reason === undefined ? [] : [`What breaks first beyond that: ${reason}`]),
    ],
  }
}
