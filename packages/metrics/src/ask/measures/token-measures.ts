/** Tokens, as counted where the request arrived. */
import { defineMeasures, perSecond, plain, quotient, share } from './measure.ts'

export const tokenMeasures = defineMeasures({
  inputTokens: plain('tokens', 'inputTokens', 'Tokens of prompts, those read from a cache included.'),
  cachedInputTokens: plain(
    'tokens',
    'cachedInputTokens',
    'Tokens of prompts that the engine or provider read from its cache; a part of `inputTokens`.',
  ),
  cacheWriteInputTokens: plain(
    'tokens',
    'cacheWriteInputTokens',
    'Tokens of prompts that the provider wrote to its cache; a part of `inputTokens`.',
  ),
  outputTokens: plain('tokens', 'outputTokens', 'Tokens of answers, reasoning included.'),
  reasoningTokens: plain('tokens', 'reasoningTokens', 'Tokens of reasoning; a part of `outputTokens`.'),
  inputTokensPerSecond: perSecond('inputTokens', 'Prompt tokens of the requests that arrived, per second.'),
  outputTokensPerSecond: perSecond('outputTokens', 'Answer tokens of the requests that arrived, per second.'),
  inputTokensMean: quotient({ unit: 'tokens', sum: 'inputTokens', count: 'requests', definition: 'Prompt tokens per request.' }),
  outputTokensMean: quotient({ unit: 'tokens', sum: 'outputTokens', count: 'requests', definition: 'Answer tokens per request.' }),
  cachedInputShare: share(['cachedInputTokens'], 'inputTokens', 'Cached prompt tokens as a share of all prompt tokens.'),
})
