/** Architecture numbers of a model, read from its Hugging Face config.json. */
import { z } from 'zod'

export const modelSpecSchema = z.strictObject({
  id: z.string().min(1),
  architecture: z.string().min(1),
  layers: z.int().positive(),
  hiddenSize: z.int().positive(),
  vocabularySize: z.int().positive(),
  parameters: z.number().positive(),
  contextLength: z.int().positive(),
})

export type ModelSpec = Readonly<z.infer<typeof modelSpecSchema>>
