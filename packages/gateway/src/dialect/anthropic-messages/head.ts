/** Where an Anthropic messages request says what the gateway reads. */
import type { RequestHead } from '@bud-foundry/core'
import { JsonBody, scannedBody, spliceBody, type HeadFields } from '../json-body.ts'
import { asObject, asString } from '../sse-frame.ts'

const anthropicFields: HeadFields = {
  // Every Anthropic stream carries usage.
  includeUsage: () => true,
  userId: (body) => asString(asObject(body.value('metadata'))?.['user_id']),
  maxOutputTokens: (body) => body.count('max_tokens'),
  choices: () => 1,
}

export const readAnthropicHead = (body: Uint8Array): JsonBody => new JsonBody(body, anthropicFields)

/** Only the model name is the gateway's here. */
export const spliceAnthropic = (body: Uint8Array, owned: { readonly model: string }, head: RequestHead | undefined): Uint8Array =>
  spliceBody(scannedBody(body, head, anthropicFields), owned.model, false)
