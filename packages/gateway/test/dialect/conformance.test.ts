/** Our dialects and providers keep core's contracts. */
import { dialectConformance, providerConformance, type DialectSamples } from '@bud-foundry/core/testing/conformance'
import { describe, test } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { openaiCompletions } from '../../src/dialect/openai-completions/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { azureOpenai } from '../../src/providers/azure-openai/index.ts'
import { openaiCompatible, presetProvider } from '../../src/providers/openai-compatible/index.ts'
import { isPresetId, openaiCompatiblePresets } from '../../src/providers/openai-compatible/preset.ts'
import { openai } from '../../src/providers/openai/index.ts'

const usage = { inputTokens: 9, cachedInputTokens: 4, cacheWriteInputTokens: 0, outputTokens: 3, reasoningTokens: 1 }
const openaiUsage = {
  prompt_tokens: 9,
  completion_tokens: 3,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 1 },
}
const anthropicUsage = {
  input_tokens: 5,
  cache_read_input_tokens: 4,
  cache_creation_input_tokens: 0,
  output_tokens: 3,
  output_tokens_details: { thinking_tokens: 1 },
}

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
})
const usageChunk = { ...chunk({}), choices: [], usage: openaiUsage }
const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const event = (value: { type: string }) => `event: ${value.type}\n${data(value)}`

const anthropicEvents = [
  {
    type: 'message_start',
    message: { id: 'msg_1', model: 'm', content: [], usage: { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: anthropicUsage },
  { type: 'message_stop' },
]

const chatSamples: DialectSamples = {
  operation: 'chat',
  requests: [
    { name: 'a chat', body: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}' },
    {
      name: 'a stream',
      body: '{"stream":true,"messages":[{"role":"user","content":"\\"model\\":\\"x\\""}],"model":"m","stream_options":{"include_usage":true}}',
    },
  ],
  refused: [
    { name: 'no messages', body: '{"model":"m"}', field: 'messages' },
    { name: 'a wrong limit', body: '{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":"many"}', field: 'max_tokens' },
  ],
  frames: [
    { frame: data(chunk({ role: 'assistant', content: '' })), kind: 'lifecycle' },
    { frame: data(chunk({ content: 'Hello' })), kind: 'content' },
    { frame: data(chunk({}, 'stop')), kind: 'finish' },
    { frame: data(usageChunk), kind: 'usage', usage },
    { frame: data({ error: { message: 'x' } }), kind: 'error' },
    { frame: 'data: [DONE]\n\n', kind: 'end' },
  ],
}

dialectConformance({
  describe,
  test,
  name: 'openai-chat',
  create: () => openaiChat,
  samples: chatSamples,
  spliceFields: ['stream_options'],
})

dialectConformance({
  describe,
  test,
  name: 'openai-completions',
  create: () => openaiCompletions,
  spliceFields: ['stream_options'],
  samples: {
    operation: 'completion',
    requests: [
      { name: 'a completion', body: '{"model":"m","prompt":"Hi"}' },
      { name: 'a stream', body: '{"model":"m","prompt":["Hi"],"stream":true}' },
    ],
    refused: [{ name: 'a wrong prompt', body: '{"model":"m","prompt":{}}', field: 'prompt' }],
    frames: [
      { frame: data({ object: 'text_completion', choices: [{ index: 0, text: 'Hello', finish_reason: null }] }), kind: 'content' },
      { frame: data({ object: 'text_completion', choices: [{ index: 0, text: '', finish_reason: 'stop' }] }), kind: 'finish' },
      { frame: data({ object: 'text_completion', choices: [], usage: openaiUsage }), kind: 'usage', usage },
      { frame: 'data: [DONE]\n\n', kind: 'end' },
    ],
  },
})

dialectConformance({
  describe,
  test,
  name: 'anthropic-messages',
  create: () => anthropicMessages,
  samples: {
    operation: 'chat',
    requests: [
      { name: 'a message', body: '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}' },
      {
        name: 'a stream',
        body: '{"max_tokens":5,"stream":true,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],"model":"m"}',
      },
    ],
    refused: [
      { name: 'no limit', body: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}', field: 'max_tokens' },
      {
        name: 'a block without text',
        body: '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text"}]}]}',
        field: 'messages.0.content.0.text',
      },
    ],
    frames: [
      { frame: event(anthropicEvents[0] ?? { type: '' }), kind: 'lifecycle', usage: { ...usage, outputTokens: 1, reasoningTokens: 0 } },
      { frame: event(anthropicEvents[1] ?? { type: '' }), kind: 'lifecycle' },
      { frame: event(anthropicEvents[3] ?? { type: '' }), kind: 'content' },
      { frame: event(anthropicEvents[5] ?? { type: '' }), kind: 'finish', usage },
      { frame: event({ type: 'message_stop' }), kind: 'end' },
    ],
  },
})

const openaiAnswers = {
  answers: [
    {
      name: 'a text',
      body: JSON.stringify({
        id: 'chatcmpl-1',
        model: 'm',
        created: 1,
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'length' }],
        usage: openaiUsage,
      }),
      text: 'Hello',
      finish: 'length' as const,
      usage,
    },
  ],
  streams: [
    {
      name: 'a text',
      frames: [
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Hel' }),
        chunk({ content: 'lo' }),
        chunk({}, 'stop'),
        usageChunk,
      ]
        .map((value) => ({ event: undefined, data: JSON.stringify(value) }))
        .concat({ event: undefined, data: '[DONE]' }),
      text: 'Hello',
      finish: 'stop' as const,
      usage,
    },
  ],
}

for (const provider of [
  openai,
  azureOpenai,
  openaiCompatible,
  ...Object.keys(openaiCompatiblePresets).filter(isPresetId).map(presetProvider),
])
  providerConformance({ describe, test, name: provider.id, create: () => provider, ...openaiAnswers })
providerConformance({
  describe,
  test,
  name: 'azure-openai, dated',
  create: () => azureOpenai,
  targetOptions: { apiVersion: '2024-10-21' },
  ...openaiAnswers,
})

providerConformance({
  describe,
  test,
  name: 'anthropic',
  create: () => anthropic,
  answers: [
    {
      name: 'a text',
      body: JSON.stringify({
        id: 'msg_1',
        model: 'm',
        content: [{ type: 'text', text: 'Hello' }],
        stop_reason: 'max_tokens',
        usage: anthropicUsage,
      }),
      text: 'Hello',
      finish: 'length',
      usage,
    },
  ],
  streams: [
    {
      name: 'a text',
      frames: anthropicEvents.map((value) => ({ event: value.type, data: JSON.stringify(value) })),
      text: 'Hello',
      finish: 'stop',
      usage,
    },
  ],
})
