/** Hardware that is not built in: profiles of users' own, from a probe or a datasheet. */
import { toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { simErrors } from '../errors.ts'
import type { HardwareDescription } from './hardware-registry.ts'

const positive = z.number().positive()
const citationSchema = z.strictObject({ title: z.string().min(1), url: z.string(), checkedAt: z.string() })

/** A hardware profile as `bud-sim hardware <id> --json` prints it; what is left out takes its default. */
export const hardwareDescriptionSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'lower-case letters, digits, dots and dashes'),
  name: z.string().min(1).max(200),
  vendor: z.string().default('unknown'),
  kind: z.enum(['gpu', 'hpu', 'tpu', 'npu', 'cpu']),
  /** Architecture whose efficiency is taken, e.g. `hopper`; others get cautious ones. */
  generation: z.string().default('unknown'),
  devicesPerNode: z.int().positive().default(1),
  memoryBytes: positive,
  memoryBandwidthBytesPerSecond: positive,
  flopsPerSecond: z.strictObject({
    fp32: positive.optional(),
    tf32: positive.optional(),
    bf16: positive.optional(),
    fp16: positive.optional(),
    fp8: positive.optional(),
    int8: positive.optional(),
    fp4: positive.optional(),
    int4: positive.optional(),
  }),
  link: z.strictObject({ kind: z.string(), bandwidthBytesPerSecond: positive, latencySeconds: z.number().nonnegative() }).optional(),
  powerWatts: positive.optional(),
  source: z.string().default('given by the user'),
  aliases: z.array(z.string()).default([]),
  citations: z.record(z.string(), citationSchema).default({}),
})

/** @throws SIM_REQUEST_INVALID naming what is wrong with the profile. */
export function parseHardware(value: unknown): HardwareDescription {
  const parsed = hardwareDescriptionSchema.safeParse(value)
  if (!parsed.success) throw simErrors.REQUEST_INVALID({ what: 'the hardware profile', issues: toConfigIssues(parsed.error) })
  const { flopsPerSecond, link, ...rest } = parsed.data
  const known = Object.entries(flopsPerSecond).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return { ...rest, link, flopsPerSecond: Object.fromEntries(known) }
}
