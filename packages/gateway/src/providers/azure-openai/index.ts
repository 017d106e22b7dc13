/** OpenAI's models on Azure. */
import type { Provider } from '@bud-foundry/core'
import { defineOpenaiFamily } from '../openai-family.ts'
import { openaiModelQuirks } from '../reasoning-models.ts'
import { azureEndpoint } from './endpoint.ts'

/** Options of a target: `apiVersion` (`v1` or a date), `auth` (`api-key`, `bearer`), `reasoning`, `unsupported`. */
export const azureOpenai: Provider = defineOpenaiFamily({ id: 'azure-openai', endpoint: azureEndpoint, quirks: openaiModelQuirks })
