/** Frames are told apart by their structure, never by what a model or a user wrote. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { classifyChunk } from '../../src/dialect/openai-chat/classify.ts'
import { openaiCompletions } from '../../src/dialect/openai-completions/index.ts'
import { bytes } from './sse.ts'

const chunk = (delta: unknown, finish: string | null = null, rest: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  ...rest,
})
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
const frame = (value: unknown, space?: number) => bytes(`data: ${JSON.stringify(value, null, space).replaceAll('\n', ' ')}\n\n`)

describe('openai-chat frames', () => {
  it.each([
    ['role only', chunk({ role: 'assistant', content: '', refusal: null }), 'lifecycle'],
    ['role and text', chunk({ role: 'assistant', content: 'Hi' }), 'content'],
    ['text', chunk({ content: 'Hi' }, null, { usage: null }), 'content'],
    ['reasoning_content', chunk({ reasoning_content: 'Hm' }), 'content'],
    ['reasoning', chunk({ content: '', reasoning: 'Hm' }), 'content'],
    ['tool call', chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] }), 'content'],
    ['refusal', chunk({ refusal: 'No' }), 'content'],
    ['empty delta', chunk({}), 'lifecycle'],
    ['empty tool calls', chunk({ content: null, tool_calls: [] }), 'lifecycle'],
    ['finish', chunk({}, 'stop'), 'finish'],
    ['finish with text', chunk({ content: '!' }, 'stop', { usage }), 'finish'],
    ['usage alone', { ...chunk({}), choices: [], usage }, 'usage'],
    ['prompt filter results', { ...chunk({}), choices: [], prompt_filter_results: [] }, 'lifecycle'],
    ['error', { error: { message: 'boom', type: 'server_error' } }, 'error'],
    ['error beside a choice', chunk({ content: '' }, 'error', { error: { code: 502, message: 'boom' } }), 'error'],
    ['error object', { object: 'error', message: 'boom', code: 400 }, 'error'],
  ])('%s', (_name, value, kind) => {
    expect(openaiChat.classify(frame(value))).toBe(kind)
    expect(openaiChat.classify(frame(value, 1))).toBe(kind)
  })

  it('knows the end, comments, named errors and garbage', () => {
    expect(openaiChat.classify(bytes('data: [DONE]\n\n'))).toBe('end')
    expect(openaiChat.classify(bytes('data:[DONE]\r\n\r\n'))).toBe('end')
    expect(openaiChat.classify(bytes(': keep-alive\n\n'))).toBe('lifecycle')
    expect(openaiChat.classify(bytes('event: error\ndata: {"message":"x"}\n\n'))).toBe('error')
    expect(openaiChat.classify(bytes('data: {"id":"chatcmpl-1","choi\n\n'))).toBe('error')
  })

  it('is not misled by texts that look like fields', () => {
    const traps = [
      '"usage":{"prompt_tokens":1}',
      '"finish_reason":"stop"',
      '"error":{"message":"x"}',
      '[DONE]',
      '"delta":{"content":"x"}',
      '\\"delta\\":{',
    ]
    for (const trap of traps) {
      expect(openaiChat.classify(frame(chunk({ content: trap })))).toBe('content')
      expect(openaiChat.classify(frame(chunk({ role: 'assistant', content: '' }, null, { system_fingerprint: trap })))).toBe('lifecycle')
      expect(openaiChat.classify(frame({ ...chunk({}), choices: [], usage, note: trap }))).toBe('usage')
      expect(openaiChat.usage(frame(chunk({ content: trap })))).toBeUndefined()
    }
  })

  it('agrees with the parsed chunk for every text and every layout', () => {
    const member = fc.constantFrom('content', 'reasoning_content', 'refusal', 'role')
    fc.assert(
      fc.property(
        member,
        fc.string(),
        fc.constantFrom(null, 'stop'),
        fc.boolean(),
        fc.constantFrom(undefined, 1),
        (name, value, finish, withUsage, space) => {
          const made = chunk({ [name]: value }, finish, withUsage ? { usage } : {})
          expect(openaiChat.classify(frame(made, space))).toBe(classifyChunk(made))
        },
      ),
    )
  })

  it('classifies legacy completions', () => {
    const completion = (value: string, finish: string | null) =>
      frame({ object: 'text_completion', choices: [{ text: value, index: 0, finish_reason: finish }] })
    expect(openaiCompletions.classify(completion('x', null))).toBe('content')
    expect(openaiCompletions.classify(completion('', null))).toBe('lifecycle')
    expect(openaiCompletions.classify(completion('', 'length'))).toBe('finish')
  })
})

describe('openai usage', () => {
  it('reads the counts of frames and bodies in all spellings', () => {
    const full = {
      ...usage,
      prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 3 },
    }
    const expected = { inputTokens: 3, cachedInputTokens: 2, cacheWriteInputTokens: 1, outputTokens: 4, reasoningTokens: 3 }
    expect(openaiChat.usage(frame({ choices: [], usage: full }))).toEqual(expected)
    expect(
      openaiChat.usage(bytes(JSON.stringify({ choices: [{ message: { content: '"usage":{"prompt_tokens":9}' } }], usage: full }, null, 2))),
    ).toEqual(expected)
    expect(openaiChat.usage(frame({ choices: [], x_groq: { usage } }))).toMatchObject({ inputTokens: 3, outputTokens: 4 })
    expect(openaiChat.usage(frame({ choices: [], usage: { ...usage, prompt_cache_hit_tokens: 2 } }))).toMatchObject({
      cachedInputTokens: 2,
    })
  })

  it('counts reasoning that the upstream left out of the completion', () => {
    const xai = { prompt_tokens: 307, completion_tokens: 26, total_tokens: 560, completion_tokens_details: { reasoning_tokens: 227 } }
    expect(openaiChat.usage(frame({ choices: [], usage: xai }))).toMatchObject({ outputTokens: 253, reasoningTokens: 227 })
  })

  it('is absent where there is none', () => {
    expect(openaiChat.usage(frame(chunk({ content: 'x' }, null, { usage: null })))).toBeUndefined()
    expect(openaiChat.usage(bytes('{"choices":[],"usage":'))).toBeUndefined()
    expect(openaiChat.usage(bytes('{"nested":{"usage":{"prompt_tokens":1}}}'))).toBeUndefined()
  })
})

describe('anthropic-messages frames', () => {
  const event = (type: string, rest: object = {}) => bytes(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`)
  it.each([
    ['message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } }, 'lifecycle'],
    ['ping', {}, 'lifecycle'],
    ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }, 'lifecycle'],
    ['content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '' } }, 'lifecycle'],
    ['content_block_start', { index: 0, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } }, 'content'],
    ['content_block_start', { index: 0, content_block: { type: 'redacted_thinking', data: 'x' } }, 'content'],
    ['content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x' } }, 'content'],
    ['content_block_stop', { index: 0 }, 'lifecycle'],
    ['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }, 'finish'],
    ['message_delta', { delta: {}, usage: { output_tokens: 2 } }, 'usage'],
    ['message_stop', {}, 'end'],
    ['error', { error: { type: 'overloaded_error', message: 'x' } }, 'error'],
    ['an_event_of_tomorrow', {}, 'lifecycle'],
  ])('%s %j', (type, rest, kind) => {
    expect(anthropicMessages.classify(event(type, rest))).toBe(kind)
  })

  it('takes the type from the data where the event has no name', () => {
    expect(anthropicMessages.classify(bytes('data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'))).toBe(
      'content',
    )
    expect(anthropicMessages.classify(bytes('event: message_stop\ndata: {"type":"mess\n\n'))).toBe('error')
  })

  it('adds cached input to the input and completes the end with the start', () => {
    const start = anthropicMessages.usage(
      event('message_start', {
        message: { usage: { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 1 } },
      }),
    )
    expect(start).toEqual({ inputTokens: 125, cachedInputTokens: 100, cacheWriteInputTokens: 20, outputTokens: 1, reasoningTokens: 0 })
    const end = event('message_delta', {
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
    })
    expect(anthropicMessages.usage(end, start)).toEqual({
      inputTokens: 125,
      cachedInputTokens: 100,
      cacheWriteInputTokens: 20,
      outputTokens: 9,
      reasoningTokens: 4,
    })
    expect(anthropicMessages.usage(bytes('{"content":[{"text":"data: x"}],"usage":{"input_tokens":1,"output_tokens":2}}'))).toMatchObject({
      inputTokens: 1,
      outputTokens: 2,
    })
  })
})
