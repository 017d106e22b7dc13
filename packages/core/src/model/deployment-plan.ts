/** What `sim` recommends and `cluster` carries out. */
import { z } from 'zod'
import { launchSpecSchema } from './launch-spec.ts'
import { latencyObjectiveSchema, workloadSchema } from './workload.ts'

const nonNegative = z.number().nonnegative()

/** Fifth percentile, median and ninety-fifth of what may be measured. */
export const intervalSchema = z.strictObject({ low: nonNegative, mid: nonNegative, high: nonNegative })

/** Schema of Parallelism. */
export const parallelismSchema = z.strictObject({
  tensor: z.int().positive(),
  pipeline: z.int().positive(),
  expert: z.int().positive(),
  data: z.int().positive(),
})

/** Schema of DeploymentPlan. */
export const deploymentPlanSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** DNS label: the name of everything that the plan creates. */
  name: z.string().regex(/^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/, 'a lower-case DNS label of at most 53 characters'),
  model: z.strictObject({
    id: z.string().min(1),
    servedName: z.string().min(1),
    /** Bytes to download, all shards. */
    downloadBytes: z.int().positive(),
  }),
  engine: z.strictObject({ id: z.string().min(1), version: z.string().min(1) }),
  hardwareId: z.string().min(1),
  replicas: z.int().positive(),
  parallelism: parallelismSchema,
  devicesPerReplica: z.int().positive(),
  nodesPerReplica: z.int().positive(),
  precision: z.strictObject({ weights: z.string(), kvCache: z.string() }),
  /** As the engine names them. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).readonly(),
  /** Bytes on each device. */
  memoryPerDevice: z.strictObject({
    weightsBytes: nonNegative,
    kvCacheBytes: nonNegative,
    activationsBytes: nonNegative,
    overheadBytes: nonNegative,
    capacityBytes: nonNegative,
  }),
  launch: launchSpecSchema,
  workload: workloadSchema,
  objective: latencyObjectiveSchema.optional(),
  predicted: z.strictObject({
    timeToFirstTokenMs: intervalSchema,
    timePerOutputTokenMs: intervalSchema,
    endToEndMs: intervalSchema,
    /** Of the whole deployment. */
    outputTokensPerSecond: intervalSchema,
    basis: z.enum(['measured', 'fitted', 'analytical']),
    meetsObjective: z.boolean(),
  }),
  /** Absent when no device has a price. */
  cost: z.strictObject({ usdPerHour: nonNegative, usdPerMillionOutputTokens: nonNegative }).optional(),
  /** Why this plan, which constraint binds: sentences for people. */
  reasons: z.array(z.string()).readonly(),
})

/** Fifth percentile, median and ninety-fifth of what may be measured. */
export type Interval = Readonly<z.infer<typeof intervalSchema>>
/** How a replica is split: ways of each kind. */
export type Parallelism = Readonly<z.infer<typeof parallelismSchema>>
/** A model on engines on hardware, with everything needed to deploy it. */
export type DeploymentPlan = Readonly<z.infer<typeof deploymentPlanSchema>>
