/** Where OpenAI's chat, completion and embedding requests say what the gateway reads. */
import type { RequestHead } from '@bud-foundry/core'
import { JsonBody, scannedBody, spliceBody, type HeadFields } from '../json-body.ts'
import { asObject, asString } from '../sse-frame.ts'

const largest = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined || right === undefined ? (left ?? right) : Math.max(left, right)

/** `best_of` answers are written and charged, though only `n` of them come back. */
const choicesOf = (body: JsonBody): number => Math.max(body.count('n', 1) ?? 1, body.count('best_of', 1) ?? 1)

const openaiFields: HeadFields = {
  includeUsage: (body) => body.raw('stream_options') !== undefined && asObject(body.value('stream_options'))?.['include_usage'] === true,
  // `safety_identifier` and `prompt_cache_key` replace `user` in the current specification.
  userId: (body) => asString(body.value('safety_identifier')) ?? asString(body.value('user')),
  // Upstreams that know one of the two ignore the other: whichever is larger may be written.
  maxOutputTokens: (body) => largest(body.count('max_completion_tokens'), body.count('max_tokens')),
  choices: choicesOf,
}

/** A list of prompts is as many calls at once; a list of numbers is the tokens of one. */
function promptsOf(body: JsonBody): number {
  const raw = body.raw('prompt')
  // Token ids are told by the first of them, without reading them all.
  const isList = raw?.[0] === 0x5b && !/^\[\s*[-\d]/.test(Buffer.from(raw.subarray(0, 64)).toString('latin1'))
  const prompts = isList ? body.value('prompt') : undefined
  return Array.isArray(prompts) ? Math.max(1, prompts.length) : 1
}

const completionFields: HeadFields = { ...openaiFields, choices: (body) => promptsOf(body) * choicesOf(body) }

/** The head of a body of chat or embeddings. */
export const readOpenaiHead = (body: Uint8Array): JsonBody => new JsonBody(body, openaiFields)

/** The head of a body of completions, whose answers are counted over all of its prompts. */
export const readCompletionHead = (body: Uint8Array): JsonBody => new JsonBody(body, completionFields)

/** Model name and, for streams, `stream_options.include_usage`. */
export const spliceOpenai = (
  body: Uint8Array,
  owned: { readonly model: string; readonly includeUsage?: boolean },
  head: RequestHead | undefined,
): Uint8Array => {
  const scanned = scannedBody(body, head, openaiFields)
  return spliceBody(scanned, owned.model, owned.includeUsage === true && scanned.stream && !scanned.includeUsage)
}
