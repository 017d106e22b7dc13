/** Request mix, arrival process and latency objectives. */
import { z } from 'zod'

const positive = z.number().positive()

/** Schema of LatencyObjective. */
export const latencyObjectiveSchema = z.strictObject({
  timeToFirstTokenMs: positive.optional(),
  timePerOutputTokenMs: positive.optional(),
  endToEndMs: positive.optional(),
  /** Whole-deployment throughput floor. */
  outputTokensPerSecond: positive.optional(),
})

/** Schema of Workload. */
export const workloadSchema = z.strictObject({
  inputTokens: z.int().positive(),
  outputTokens: z.int().positive(),
  /** Leading prompt tokens shared between requests and so served from the prefix cache. */
  sharedPrefixTokens: z.int().nonnegative().optional(),
  /** Requests in flight at once, on the whole deployment. Give this or the request rate. */
  concurrency: z.int().positive().optional(),
  requestsPerSecond: positive.optional(),
})

/** Mean lengths in tokens and the offered load. */
export type Workload = Readonly<z.infer<typeof workloadSchema>>
/** Upper bounds in milliseconds, and a throughput floor. */
export type LatencyObjective = Readonly<z.infer<typeof latencyObjectiveSchema>>
