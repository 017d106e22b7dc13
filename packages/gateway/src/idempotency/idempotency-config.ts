/** The `idempotency` section of a configuration. */
import { z } from 'zod'

const mebibyte = 1024 * 1024

export const idempotencyConfigSchema = z.strictObject({
  /** How long an answer is given again for its key. */
  ttlMs: z
    .int()
    .positive()
    .default(24 * 3_600_000),
  /** What happens to the same request while the first one is being answered: it waits for that answer, or gets 409. */
  inFlight: z.literal(['wait', 'conflict']).default('wait'),
  /** After a crash, the key is free again after this. Renewed while a request is being answered. */
  leaseMs: z.int().min(1_000).default(30_000),
  /** An answer above this cannot be given again: the repetition gets 409. */
  answerBytes: z
    .int()
    .positive()
    .max(7 * mebibyte)
    .default(4 * mebibyte),
})

export type IdempotencyConfig = Readonly<z.output<typeof idempotencyConfigSchema>>
