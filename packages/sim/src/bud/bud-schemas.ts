/** Bud's inputs of a simulation, as its services send them: snake case, TTFT in ms, end-to-end latency in s, throughput for each user. */
import { z } from 'zod'
import { limits } from '../limits.ts'

const positive = z.number().positive()
const count = z.int().positive()

/** A device as the cluster service reports it; fields that are not read may be there. */
export const budDeviceSchema = z.object({
  name: z.string().optional(),
  device_model: z.string().optional(),
  raw_name: z.string().optional(),
  type: z.string().min(1),
  available_count: z.int().nonnegative().default(0),
  mem_per_GPU_in_GB: positive.optional(),
})

export const budNodeSchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  status: z.boolean().default(true),
  is_master: z.boolean().default(false),
  devices: z.array(budDeviceSchema).max(limits.devices),
})

export const budClusterSchema = z.object({ id: z.string().min(1), nodes: z.array(budNodeSchema).max(limits.devices) })

const loadFields = {
  pretrained_model_uri: z.string().min(1),
  input_tokens: count,
  output_tokens: count,
  concurrency: count,
  target_ttft: positive.nullish(),
  target_throughput_per_user: positive.nullish(),
  target_e2e_latency: positive.nullish(),
}

/** Body of POST /simulator/run. */
export const budRunSchema = z.object({
  ...loadFields,
  cluster_id: z.string().min(1).nullish(),
  hardware_mode: z.enum(['dedicated']).default('dedicated'),
})

/** Body of POST /simulator/configurations. */
export const budConfigurationsSchema = z.object({
  workflow_id: z.string().min(1),
  cluster_id: z.string().min(1).nullish(),
  error_rate_threshold: z.number().min(0).default(0.5),
  feedback: z
    .array(z.object({ config_id: z.string(), failed: z.boolean().default(false), reason: z.string().nullish() }))
    .max(limits.plans)
    .nullish(),
})

/** Body of POST /simulator/node-configurations. */
export const budNodeConfigurationsSchema = z.object({ ...loadFields, cluster_id: z.string().min(1), node_ids: z.array(z.string()).min(1) })

export type BudCluster = Readonly<z.infer<typeof budClusterSchema>>
export type BudDevice = Readonly<z.infer<typeof budDeviceSchema>>
export type BudRun = Readonly<z.infer<typeof budRunSchema>>
