/** The `cache` section of a configuration. */
import { z } from 'zod'
import { cacheLimits } from './cache-limits.ts'

const positiveMs = z.number().positive()
/** Whole milliseconds, as long as a Store keeps anything. */
const ttlMs = z.int().positive().max(cacheLimits.ttlMs)

const semanticSchema = z.strictObject({
  /** A model of this gateway that makes embeddings. */
  model: z.string().min(1),
  /** Cosine similarity, 0 to 1, from which two questions count as the same. What is right depends on the embedding model: measure it on your questions. */
  threshold: z.number().min(0.5).max(1).default(0.95),
  /** Longest wait for an embedding; then the request goes to its model. */
  timeoutMs: positiveMs.default(1_000),
})

export const cacheConfigSchema = z.strictObject({
  /** Models that are cached; a closing `*` matches any ending. */
  models: z.array(z.string().min(1)).min(1).default(['*']),
  /** Who shares answers: callers that name the same end user, users of the same key, of the same project, or all. */
  isolation: z.literal(['user', 'key', 'project', 'shared']).default('project'),
  ttlMs: ttlMs.default(3_600_000),
  /** Answers in the memory of each process. */
  memoryBytes: z.int().positive().default(cacheLimits.memoryBytes),
  /** A larger answer is not kept. */
  answerBytes: z
    .int()
    .positive()
    .max(7 * 1024 * 1024)
    .default(cacheLimits.answerBytes),
  /** Also answers questions that mean the same. Absent: only requests that are the same. */
  semantic: semanticSchema.optional(),
})

export type CacheConfig = Readonly<z.output<typeof cacheConfigSchema>>
export type SemanticConfig = z.output<typeof semanticSchema>
