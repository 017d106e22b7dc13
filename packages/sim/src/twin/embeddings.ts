/** Deterministic embeddings: tokens hashed into a unit vector, so that texts with common words are near. */
import { createSeededRandom } from '@bud-foundry/core'
import { type EmbeddingRequest } from './openai-schema.ts'
import type { Tokenizer } from './tokenizer.ts'

const defaultDimensions = 384

/** Each token adds its own pseudo-random direction. */
export function embedTokens(tokens: readonly number[], dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const token of tokens) {
    const random = createSeededRandom((token * 0x9e3779b1) >>> 0)
    for (let index = 0; index < dimensions; index += 1) vector[index] = (vector[index] ?? 0) + random.next() - 0.5
  }
  const norm = Math.hypot(...vector) || 1
  return vector.map((value) => value / norm)
}

const toBase64 = (vector: Float32Array) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')

export function answerEmbedding(request: EmbeddingRequest, tokenizer: Tokenizer) {
  const { input } = request
  const lists: (readonly number[])[] = []
  if (typeof input === 'string') lists.push(tokenizer.encode(input))
  else if (input.every((item) => typeof item === 'number')) lists.push(input)
  else for (const item of input) lists.push(typeof item === 'string' ? tokenizer.encode(item) : Array.isArray(item) ? item : [])
  const tokens = lists.reduce((sum, list) => sum + list.length, 0)
  return {
    object: 'list',
    model: request.model,
    data: lists.map((list, index) => {
      const vector = embedTokens(list, request.dimensions ?? defaultDimensions)
      return { object: 'embedding', index, embedding: request.encoding_format === 'base64' ? toBase64(vector) : [...vector] }
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
