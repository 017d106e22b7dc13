/** The prediction for one measured row, or why there is none. */
import type { ModelSpec, Precision, PredictionInput } from '@bud-foundry/core'
import { findEngine } from '../engine/engine-registry.ts'
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

/**
 * The cache's format where a row does not name it: that of the checkpoint. Checkpoints that NVIDIA's ModelOpt made, which are the usual ones
 * in 4 bits and for TensorRT-LLM in 8, ask for an 8-bit cache (`kv_cache_quant_algo` in their `hf_quant_config.json`).
 */
function cachePrecisionOf(model: ModelSpec, engineId: string, weights: Precision): Precision {
  if (model.quantization?.kvCache !== undefined) return model.quantization.kvCache
  const requantized = weights !== nativeWeights(model)
  return requantized && (weights === 'fp4' || (weights === 'fp8' && engineId === 'tensorrt-llm')) ? 'fp8' : 'bf16'
}

/** @throws the errors of unknown hardware, engines and settings. */
export function predictMeasurement(row: Measurement, model: ModelSpec, corrections: Corrections): PredictedRow | string {
  const hardware = findHardware(row.hardware)
  const weights = row.precision ?? nativeWeights(model)
  const settings = resolveSettings({
    tensor: row.tp,
    pipeline: row.pp,
    data: row.dp,
    expert: row.ep,
    weights,
    kvCache: row.kv_precision ?? cachePrecisionOf(model, findEngine(row.engine).id, weights),
    maxModelTokens: row.isl + row.osl,
    maxSequences: Math.round(row.max_num_seqs ?? Math.max(256, (row.concurrency ?? 0) / row.replicas)),
    maxBatchedTokens: Math.round(row.max_num_batched_tokens ?? 8192),
  })
  const replica = prepareReplica({ model, hardware, engineId: row.engine, engineVersion: row.engine_version, settings })
  if (!replica.fit.fits) return 'the model does not fit these devices'
  // Replicas share the load evenly.
  const load =
    row.request_rate === undefined
      ? { concurrency: Math.max(1, Math.round((row.concurrency ?? 1) / row.replicas)) }
      : { requestsPerSecond: row.request_rate / row.replicas }
  const workload = { inputTokens: row.isl, outputTokens: row.osl, ...load }
  const predicted = predictReplica(replica, workload, corrections)
  if (predicted === undefined) return 'the request rate is more than the replica is predicted to answer'
  return { replica, workload, ...predicted }
}
