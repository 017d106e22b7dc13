/** OpenAI's own API. */
import type { Provider } from '@bud-foundry/core'
import { defineOpenaiFamily } from '../openai-family.ts'
import { openaiModelQuirks } from '../reasoning-models.ts'
import { openaiEndpoint } from '../openai-endpoint.ts'

/** Options of a target: `organization`, `project`, `reasoning` (`effort`, `none`), `unsupported` (`error`, `drop`, `harmless`). */
export const openai: Provider = defineOpenaiFamily({
  id: 'openai',
  endpoint: openaiEndpoint,
  quirks: openaiModelQuirks,
  defaultBaseUrl: 'https://api.openai.com/v1',
})
