/** `GET /api/sim/catalogue`: the models and the hardware that plans can be made for without more ado. */
import { listHardware, listModels } from '@bud-foundry/sim'
import { z } from 'zod'

export const catalogueSchema = z.object({
  models: z.array(z.string()),
  hardware: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      vendor: z.string(),
      memoryBytes: z.number(),
      memoryBandwidthBytesPerSecond: z.number(),
    }),
  ),
})

export function simCatalogue(): z.output<typeof catalogueSchema> {
  return {
    models: [...listModels()],
    hardware: listHardware().map(({ id, name, vendor, memoryBytes, memoryBandwidthBytesPerSecond }) => ({
      id,
      name,
      vendor,
      memoryBytes,
      memoryBandwidthBytesPerSecond,
    })),
  }
}
