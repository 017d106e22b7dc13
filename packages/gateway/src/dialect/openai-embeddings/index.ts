/** The openai-embeddings dialect. */
import type { Dialect } from '@bud-foundry/core'
import { encodeOpenaiError } from '../openai-chat/error.ts'
import { readOpenaiHead, spliceOpenai } from '../openai-chat/head.ts'
import { readOpenaiUsage } from '../openai-chat/usage.ts'
import { untranslated } from '../untranslated.ts'

export const openaiEmbeddings: Dialect = {
  contract: 'dialect/1',
  id: 'openai-embeddings',
  readHead: readOpenaiHead,
  splice: spliceOpenai,
  classify: () => 'content',
  usage: readOpenaiUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: untranslated('openai-embeddings'),
  encodeResponse: untranslated('openai-embeddings'),
  streamEncoder: untranslated('openai-embeddings'),
}
