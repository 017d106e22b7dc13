/** The prediction for one measured row, or why there is none. */
import type { ModelSpec, PredictionInput } from '@bud-foundry/core'
import { findHardware } from '../hardware/hardware-registry.ts'
import { nativeWeights } from '../memory/precision.ts'
import type { Corrections } from '../correct/corrections.ts'
import { predictReplica, type ReplicaPrediction } from '../predict/predict-replica.ts'
import { prepareReplica, type PreparedReplica } from '../predict/replica-estimate.ts'
import { resolveSettings } from '../settings.ts'
import type { Measurement } from './measurement.ts'

export interface PredictedRow extends ReplicaPrediction {
  readonly replica: PreparedReplica
  readonly workload: PredictionInput['workload']
}

/** @throws the errors of unknown hardware, engines and settings. */
export function predictMeasurement(row: Measurement, model: ModelSpec, corrections: Corrections): PredictedRow | string {
  const hardware = findHardware(row.hardware)
  const settings = resolveSettings({
    tensor: row.tp,
    pipeline: row.pp,
    data: row.dp,
    expert: row.ep,
    weights: row.precision ?? nativeWeights(model),
    kvCache: row.kv_precision ?? model.quantization?.kvCache ?? 'bf16',
    maxModelTokens: row.isl + row.osl,
    maxSequences: Math.round(row.max_num_seqs ?? Math.max(256, row.concurrency ?? 0)),
    maxBatchedTokens: Math.round(row.max_num_batched_tokens ?? 8192),
  })
  const replica = prepareReplica({ model, hardware, engineId: row.engine, engineVersion: row.engine_version, settings })
  if (!replica.fit.fits) return 'the model does not fit these devices'
  const load =
    row.request_rate === undefined
      ? { concurrency: Math.max(1, Math.round(row.concurrency ?? 1)) }
      : { requestsPerSecond: row.request_rate }
  const workload = { inputTokens: row.isl, outputTokens: row.osl, ...load }
  const predicted = predictReplica(replica, workload, corrections)
  if (predicted === undefined) return 'the request rate is more than the replica is predicted to answer'
  return { replica, workload, ...predicted }
}
