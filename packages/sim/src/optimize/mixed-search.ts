/** Shares one load between two kinds of hardware, where one kind alone does not do or costs more. */
import { simErrors } from '../errors.ts'
import { toMixedPlan, type RankedCombination } from './combined-plan.ts'
import { evaluateCandidate, type Evaluated } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'

const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const
/** Families of each kind of hardware that are combined. */
const familiesMax = 2
const kindsMax = 4

/** The same request with a share of its load and of its throughput floor; undefined where less than one request would be left. */
function withShare(request: ResolvedRequest, share: number): ResolvedRequest | undefined {
  const { workload, objective } = request
  const concurrency = workload.concurrency === undefined ? undefined : Math.round(workload.concurrency * share)
  if (concurrency === 0) return undefined
  const floor = objective?.outputTokensPerSecond
  return {
    ...request,
    workload: {
      ...workload,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(workload.requestsPerSecond === undefined ? {} : { requestsPerSecond: workload.requestsPerSecond * share }),
    },
    ...(objective === undefined
      ? {}
      : { objective: { ...objective, ...(floor === undefined ? {} : { outputTokensPerSecond: floor * share }) } }),
  }
}

function evaluateShare(request: ResolvedRequest, candidate: Evaluated['candidate']): Evaluated | undefined {
  try {
    const verdict = evaluateCandidate(request, candidate)
    return verdict.kind === 'runs' && verdict.evaluated.meetsObjective ? verdict.evaluated : undefined
  } catch (error) {
    if (simErrors.PREDICTION_UNSUPPORTED.is(error)) return undefined
    throw error
  }
}

/** Combinations that meet the objective; `ranked` are the best families of the search, best first. */
export async function searchMixed(
  request: ResolvedRequest,
  ranked: readonly Evaluated[],
  pause: () => Promise<void>,
): Promise<{ readonly found: readonly RankedCombination[]; readonly examined: number }> {
  const kinds = new Map<string, Evaluated[]>()
  for (const evaluated of ranked) {
    const { id } = evaluated.candidate.pool.hardware
    const known = kinds.get(id) ?? []
    if (known.length < familiesMax) kinds.set(id, [...known, evaluated])
  }
  const groups = [...kinds.values()].slice(0, kindsMax)
  const found: RankedCombination[] = []
  let examined = 0
  for (const [index, firsts] of groups.entries())
    for (const seconds of groups.slice(index + 1))
      for (const share of shares) {
        const [one, two] = [withShare(request, share), withShare(request, 1 - share)]
        if (one === undefined || two === undefined) continue
        for (const first of firsts) {
          await pause()
          examined += 1
          const left = evaluateShare(one, first.candidate)
          if (left === undefined) continue
          for (const second of seconds) {
            const right = evaluateShare(two, second.candidate)
            if (right === undefined) continue
            const parts = [
              { evaluated: left, share, request: one },
              { evaluated: right, share: 1 - share, request: two },
            ]
            const rank = found.length + 1
            const uses = [...left.uses, ...right.uses]
            found.push({
              kind: 'mixed',
              combined: () => toMixedPlan(request, parts, rank),
              devices: left.devices + right.devices,
              usdPerHour: left.usdPerHour === undefined || right.usdPerHour === undefined ? undefined : left.usdPerHour + right.usdPerHour,
              endToEndSeconds: Math.max(left.estimate.endToEndSeconds, right.estimate.endToEndSeconds),
              outputTokensPerSecond: left.outputTokensPerSecond + right.outputTokensPerSecond,
              uses,
              meetsObjective: true,
            })
          }
        }
      }
  return { found, examined }
}
