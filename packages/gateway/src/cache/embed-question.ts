/** The embedding of a question, made by one of the gateway's own models. */
import type { StageCall } from '../governance/stage.ts'
import type { StageKit } from '../governance/stage-factory.ts'
import { decodeEmbeddingResponse } from '../dialect/openai-embeddings/codec.ts'
import { encodeJson } from '../dialect/sse-frame.ts'
import type { SemanticConfig } from './cache-config.ts'
import { cacheLimits } from './cache-limits.ts'

function toVector(embedding: readonly number[] | string | undefined): Float32Array | undefined {
  if (embedding === undefined) return undefined
  const vector =
    typeof embedding === 'string'
      ? new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer)
      : Float32Array.from(embedding)
  const usable = vector.length > 0 && vector.length <= cacheLimits.semantic.dimensions && vector.every(Number.isFinite)
  return usable && vector.some((value) => value !== 0) ? vector : undefined
}

/** Undefined when no embedding came in time; whatever the reason, the request then goes to its model. */
export async function embedQuestion(
  kit: StageKit,
  config: SemanticConfig,
  call: StageCall,
  text: string,
): Promise<Float32Array | undefined> {
  const deadline = new AbortController()
  using _timer = kit.clock.schedule(config.timeoutMs, () => {
    deadline.abort()
  })
  try {
    const { status, body } = await kit.callModel({
      operation: 'embedding',
      dialectId: 'openai-embeddings',
      body: encodeJson({ model: config.model, input: text }),
      key: call.key,
      tags: { semanticCacheOf: call.id },
      signal: AbortSignal.any([deadline.signal, call.signal]),
    })
    return status === 200 ? toVector(decodeEmbeddingResponse(body).embeddings?.[0]) : undefined
  } catch (error) {
    kit.logger.warn('a question of the semantic cache could not be embedded', { model: config.model, error })
    return undefined
  }
}
