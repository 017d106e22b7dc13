/** Everything needed to start an engine. A plan embeds it whole, so whoever deploys never imports who planned. */
import { z } from 'zod'

/** Schema of LaunchSpec. */
export const launchSpecSchema = z.strictObject({
  image: z.string().min(1),
  command: z.array(z.string()).readonly(),
  args: z.array(z.string()).readonly(),
  /** Appended to `args` when a replica spans nodes; may use `$(LWS_LEADER_ADDRESS)`, `$(LWS_GROUP_SIZE)` and `$(LWS_WORKER_INDEX)` of LeaderWorkerSet. */
  multiNode: z.strictObject({ leaderArgs: z.array(z.string()).readonly(), workerArgs: z.array(z.string()).readonly() }).optional(),
  env: z.record(z.string(), z.string()).readonly(),
  portHttp: z.int().min(1).max(65_535),
  probes: z.strictObject({
    startup: z.string().startsWith('/'),
    ready: z.string().startsWith('/'),
    live: z.string().startsWith('/'),
    startupSecondsMax: z.int().positive(),
  }),
  /** The engine's own Prometheus names. */
  metricNames: z.strictObject({
    running: z.string(),
    waiting: z.string(),
    kvUsage: z.string(),
    timeToFirstToken: z.string(),
    timePerOutputToken: z.string(),
  }),
  /** Kubernetes resource name to amount for one replica on one node, e.g. `nvidia.com/gpu: 4`; memory in bytes. */
  resources: z.record(z.string(), z.number().nonnegative()).readonly(),
})

/** One replica of an engine, ready to be started. */
export type LaunchSpec = Readonly<z.infer<typeof launchSpecSchema>>
