/** A benchmark as the console shows it: what was measured, beside what its plan predicted. */
import type { BenchmarkResult, DeploymentReference } from '@bud-foundry/cluster'
import type { DeploymentPlan } from '@bud-foundry/core'
import { z } from 'zod'

/** Of the result of the cluster package, what concerns neither the training of simulators nor single requests. */
export type MeasuredBenchmark = Omit<BenchmarkResult, 'measurement' | 'requests'>

const percentiles = z.object({ mean: z.number(), p50: z.number(), p95: z.number().optional(), p99: z.number().optional() })
const interval = z.object({ low: z.number(), mid: z.number(), high: z.number() })

export const benchmarkViewSchema = z.object({
  id: z.string(),
  deployment: z.object({ name: z.string(), namespace: z.string() }),
  endedUnixMs: z.number(),
  model: z.string(),
  hardwareId: z.string(),
  replicas: z.number(),
  /** An engine twin was measured. */
  isSimulated: z.boolean(),
  load: z.object({ concurrency: z.number(), inputTokens: z.number(), outputTokens: z.number() }),
  completed: z.number(),
  failed: z.number(),
  durationSeconds: z.number(),
  requestsPerSecond: z.number(),
  outputTokensPerSecond: z.number(),
  timeToFirstTokenMs: percentiles,
  timePerOutputTokenMs: percentiles,
  endToEndMs: percentiles.optional(),
  predicted: z.object({ timeToFirstTokenMs: interval, timePerOutputTokenMs: interval, outputTokensPerSecond: interval }).optional(),
})
export type BenchmarkView = z.output<typeof benchmarkViewSchema>

export function toBenchmarkView({
  deployment,
  plan,
  measured,
  endedUnixMs,
  isSimulated,
}: {
  readonly deployment: DeploymentReference
  readonly plan: DeploymentPlan
  readonly measured: MeasuredBenchmark
  readonly endedUnixMs: number
  readonly isSimulated: boolean
}): BenchmarkView {
  const { concurrency = 1, inputTokens, outputTokens } = plan.workload
  // Strips what is undefined, as the store keeps JSON.
  return benchmarkViewSchema.parse({
    ...measured,
    id: `${String(endedUnixMs)}-${deployment.name}`,
    deployment,
    endedUnixMs,
    model: plan.model.id,
    hardwareId: plan.hardwareId,
    replicas: plan.replicas,
    isSimulated,
    load: { concurrency, inputTokens, outputTokens },
    predicted: plan.predicted,
  })
}
