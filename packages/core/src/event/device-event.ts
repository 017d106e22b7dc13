/** One row per device sample. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

const share = z.number().min(0).max(1)

/** Schema of DeviceEvent. */
export const deviceEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('device-sample'),
  clusterName: z.string(),
  nodeName: z.string(),
  deviceId: z.string(),
  hardwareId: z.string(),
  /** 0 to 1. */
  utilisation: share.optional(),
  memoryUsedBytes: z.number().nonnegative().optional(),
  memoryTotalBytes: z.number().nonnegative().optional(),
  powerWatts: z.number().nonnegative().optional(),
  temperatureCelsius: z.number().optional(),
})

/** What one device did at one moment. */
export type DeviceEvent = Readonly<z.infer<typeof deviceEventSchema>>
