/** Turns an evaluated configuration into the plan that cluster can carry out. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { nodesOf } from '../engine/launch-parts.ts'
import { checkpointBytes } from '../memory/weights.ts'
import { devicesOf } from '../settings.ts'
import type { Evaluated } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'
import { explainPlan } from './reasons.ts'

/** A DNS label from the model's name, the device and the split; numbered so that plans of one answer differ. */
function planName(request: ResolvedRequest, evaluated: Evaluated, rank: number | string): string {
  const short = request.model.id.slice(request.model.id.lastIndexOf('/') + 1)
  const slug = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
  const suffix = `-${slug(evaluated.candidate.pool.hardware.id)}-${String(rank)}`
  const stem = slug(short)
    .slice(0, 53 - suffix.length)
    .replaceAll(/-+$/g, '')
  return `${/^[a-z]/.test(stem) ? stem : `m-${stem}`.slice(0, 53 - suffix.length)}${suffix}`
}

export function toDeploymentPlan(request: ResolvedRequest, evaluated: Evaluated, rank: number | string): DeploymentPlan {
  const { candidate, replica, replicas, estimate, prediction } = evaluated
  const { engine, settings, pool } = candidate
  const { model } = request
  const { fit } = replica
  const scale = evaluated.outputTokensPerSecond / estimate.outputTokensPerSecond
  const { low, mid, high } = prediction.outputTokensPerSecond
  return {
    schemaVersion: 1,
    name: planName(request, evaluated, rank),
    model: { id: model.id, servedName: model.id, downloadBytes: checkpointBytes(model) },
    engine: { id: engine.id, version: engine.versionFor(pool.hardware) },
    hardwareId: pool.hardware.id,
    replicas,
    parallelism: { tensor: settings.tensor, pipeline: settings.pipeline, expert: settings.expert, data: settings.data },
    devicesPerReplica: devicesOf(settings),
    nodesPerReplica: nodesOf(settings, pool.hardware),
    precision: { weights: settings.weights, kvCache: settings.kvCache },
    settings: engine.argumentsOf(model, settings, pool.hardware),
    memoryPerDevice: {
      weightsBytes: fit.weightsBytes,
      kvCacheBytes: fit.kvCacheBytes,
      activationsBytes: fit.activationsBytes,
      overheadBytes: fit.overheadBytes,
      capacityBytes: fit.capacityBytes,
    },
    launch: engine.launch(model, settings, pool.hardware),
    workload: request.workload,
    ...(request.objective === undefined ? {} : { objective: request.objective }),
    predicted: {
      timeToFirstTokenMs: prediction.timeToFirstTokenMs,
      timePerOutputTokenMs: prediction.timePerOutputTokenMs,
      endToEndMs: prediction.endToEndMs,
      outputTokensPerSecond: { low: low * scale, mid: mid * scale, high: high * scale },
      basis: prediction.basis,
      meetsObjective: evaluated.meetsObjective,
    },
    ...(evaluated.usdPerHour === undefined || evaluated.usdPerMillionOutputTokens === undefined
      ? {}
      : { cost: { usdPerHour: evaluated.usdPerHour, usdPerMillionOutputTokens: evaluated.usdPerMillionOutputTokens } }),
    reasons: explainPlan(request, evaluated),
  }
}
