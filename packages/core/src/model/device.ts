/** Accelerators of one kind on one node, as discovered or as a user lists them. */
import { z } from 'zod'

/** Schema of Device. */
export const deviceSchema = z.strictObject({
  /** Id of a hardware profile, e.g. `h100-sxm`. */
  hardwareId: z.string().min(1),
  count: z.int().positive(),
  /** Not requested by anything that runs. Absent: all. */
  available: z.int().nonnegative().optional(),
  nodeName: z.string().min(1).optional(),
  sharing: z.enum(['whole', 'mig', 'time-slice']).default('whole'),
  /** Of one device; absent when unknown. */
  usdPerHour: z.number().nonnegative().optional(),
})

/** Accelerators of one kind, with defaults filled in. */
export type Device = Readonly<z.infer<typeof deviceSchema>>
/** Device as users write it. */
export type DeviceInput = Readonly<z.input<typeof deviceSchema>>
