/** The openai-chat dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyOpenaiFrame } from './classify.ts'
import { encodeOpenaiError } from './error.ts'
import { readOpenaiHead, spliceOpenai } from './head.ts'
import { readOpenaiUsage } from './usage.ts'
import { untranslated } from '../untranslated.ts'

export const openaiChat: Dialect = {
  contract: 'dialect/1',
  id: 'openai-chat',
  readHead: readOpenaiHead,
  splice: spliceOpenai,
  classify: classifyOpenaiFrame,
  usage: readOpenaiUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: untranslated('openai-chat'),
  encodeResponse: untranslated('openai-chat'),
  streamEncoder: untranslated('openai-chat'),
}
