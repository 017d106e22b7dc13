/** `POST /api/sim/predict`: what one plan would do under other loads, in a few milliseconds and without a search. */
import { deploymentPlanSchema, workloadSchema, type DeploymentPlan, type Prediction, type Workload } from '@bud-foundry/core'
import { createPredictor, findHardware, findModel, loadShippedCorrections } from '@bud-foundry/sim'
import { z } from 'zod'

/** Points of a slider are asked for together. */
const workloadsMax = 64

export const predictSchema = z.strictObject({ plan: deploymentPlanSchema, workloads: z.array(workloadSchema).min(1).max(workloadsMax) })

/** Of all replicas together; undefined where the plan cannot take the load. @throws SIM_MODEL_UNKNOWN, SIM_HARDWARE_UNKNOWN */
export async function predictLoads(plan: DeploymentPlan, workloads: readonly Workload[]): Promise<readonly (Prediction | undefined)[]> {
  const predictor = createPredictor(await loadShippedCorrections())
  const model = findModel(plan.model.id)
  const hardware = findHardware(plan.hardwareId)
  const { replicas, parallelism, precision } = plan
  const settings = { ...parallelism, weights: precision.weights, kvCache: precision.kvCache }
  return workloads.map((workload) => {
    const share = { ...workload }
    if (workload.concurrency !== undefined) share.concurrency = Math.ceil(workload.concurrency / replicas)
    if (workload.requestsPerSecond !== undefined) share.requestsPerSecond = workload.requestsPerSecond / replicas
    const input = { model, hardware, deviceCount: plan.devicesPerReplica, engineId: plan.engine.id, settings, workload: share }
    if (!predictor.supports(input)) return undefined
    const [one] = predictor.predict([input])
    if (one === undefined) return undefined
    const { low, mid, high } = one.outputTokensPerSecond
    return { ...one, outputTokensPerSecond: { low: low * replicas, mid: mid * replicas, high: high * replicas } }
  })
}
