/** The openai-completions dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyOpenaiFrame } from '../openai-chat/classify.ts'
import { encodeOpenaiError } from '../openai-chat/error.ts'
import { readOpenaiHead, spliceOpenai } from '../openai-chat/head.ts'
import { readOpenaiUsage } from '../openai-chat/usage.ts'
import { untranslated } from '../untranslated.ts'

export const openaiCompletions: Dialect = {
  contract: 'dialect/1',
  id: 'openai-completions',
  readHead: readOpenaiHead,
  splice: spliceOpenai,
  classify: classifyOpenaiFrame,
  usage: readOpenaiUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: untranslated('openai-completions'),
  encodeResponse: untranslated('openai-completions'),
  streamEncoder: untranslated('openai-completions'),
}
