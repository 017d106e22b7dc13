/** Requests keep, across dialects, everything that both can say; the rest is refused or reported. */
import type { CanonicalRequest, DroppedField } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { openaiCompatible, presetProvider } from '../../src/providers/openai-compatible/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { target } from '../providers/target.ts'
import { bytes, json, text } from './sse.ts'

const claude = target({ providerId: 'anthropic', modelId: 'claude-sonnet-4-5' })
const gpt = target({ providerId: 'openai', modelId: 'gpt-4.1' })

const fromOpenai = (body: unknown): CanonicalRequest => openaiChat.decodeRequest(bytes(JSON.stringify(body)), 'chat')
const fromAnthropic = (body: unknown): CanonicalRequest => anthropicMessages.decodeRequest(bytes(JSON.stringify(body)), 'chat')

function toAnthropic(body: object, to = claude) {
  const dropped: DroppedField[] = []
  const sent = json(
    anthropic.encodeRequest(fromOpenai({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body }), to, (drop) =>
      dropped.push(drop),
    ),
  )
  return { sent, dropped: dropped.map((drop) => drop.field) }
}
function toOpenai(body: object, to = gpt, provider = openai) {
  const dropped: DroppedField[] = []
  const sent = json(
    provider.encodeRequest(
      fromAnthropic({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }], ...body }),
      to,
      (drop) => dropped.push(drop),
    ),
  )
  return { sent, dropped: dropped.map((drop) => drop.field) }
}

const tool = { name: 'get_weather', description: 'Weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }
const functionTool = { type: 'function', function: { name: 'get_weather', description: 'Weather', parameters: tool.input_schema } }

describe('OpenAI chat to Anthropic messages', () => {
  it('sends text, system and developer messages, limits and sampling', () => {
    const { sent, dropped } = toAnthropic({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: [{ type: 'text', text: 'Rhyme.', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
        { role: 'user', content: 'Hi' },
      ],
      max_completion_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', '\n'],
      user: 'u-1',
      stream: true,
    })
    expect(sent).toEqual({
      model: 'claude-sonnet-4-5',
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Rhyme.', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      stream: true,
    })
    expect(dropped).toEqual(['stop'])
  })

  it('sets the limit that the API requires from the model', () => {
    expect(toAnthropic({}).sent['max_tokens']).toBe(64_000)
    expect(toAnthropic({}, target({ providerId: 'anthropic', modelId: 'claude-opus-4-1-20250805' })).sent['max_tokens']).toBe(32_000)
  })

  it('sends parallel tool calls and gathers their results in one message', () => {
    const call = (id: string, city: string) => ({
      id,
      type: 'function',
      function: { name: 'get_weather', arguments: JSON.stringify({ city }) },
    })
    const { sent } = toAnthropic({
      tools: [{ ...functionTool, function: { ...functionTool.function, strict: true } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [call('call.a:1', 'Oslo'), call('call_b', 'Bergen')] },
        { role: 'tool', tool_call_id: 'call.a:1', content: 'rain' },
        { role: 'tool', tool_call_id: 'call_b', content: [{ type: 'text', text: 'snow' }] },
        { role: 'user', content: 'So?' },
      ],
    })
    expect(sent['tools']).toEqual([{ ...tool, strict: true }])
    expect(sent['tool_choice']).toEqual({ type: 'any', disable_parallel_tool_use: true })
    expect(sent['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_a_1', name: 'get_weather', input: { city: 'Oslo' } },
          { type: 'tool_use', id: 'call_b', name: 'get_weather', input: { city: 'Bergen' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_a_1', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'call_b', content: 'snow' },
          { type: 'text', text: 'So?' },
        ],
      },
    ])
  })

  it('keeps ids that a double cannot hold in tool arguments', () => {
    const args = '{"id":123456789012345678901,"x":1.5}'
    const request = fromOpenai({
      model: 'm',
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }] },
        { role: 'tool', tool_call_id: 'c', content: 'y' },
      ],
    })
    const sent = text(anthropic.encodeRequest(request, claude))
    expect(sent).toContain(`"input":${args}`)
    expect(text(openai.encodeRequest(anthropicMessages.decodeRequest(bytes(sent), 'chat'), gpt))).toContain(JSON.stringify(args))
  })

  it('sends images by URL and as bytes, and documents', () => {
    const { sent } = toAnthropic({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'auto' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
            { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,QUJD' } },
          ],
        },
      ],
    })
    expect(sent['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' }, title: 'a.pdf' },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ABC' }, title: 'a.txt' },
        ],
      },
    ])
  })

  const schema = { type: 'object', properties: { a: { type: 'object', properties: {} } }, required: ['a'] }
  const responseFormat = { type: 'json_schema', json_schema: { name: 'out', schema, strict: true } }

  it('asks for structured output, by field or by a forced tool', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
      required: ['a'],
      additionalProperties: false,
    }
    expect(toAnthropic({ response_format: responseFormat }).sent['output_config']).toEqual({
      format: { type: 'json_schema', schema: closed },
    })
    const { sent } = toAnthropic(
      { response_format: responseFormat },
      target({ providerId: 'anthropic', modelId: 'claude-3-5-haiku-latest' }),
    )
    expect(sent['tool_choice']).toEqual({ type: 'tool', name: 'bud_structured_output' })
    expect(sent['tools']).toMatchObject([{ name: 'bud_structured_output', input_schema: schema }])
  })

  it('turns an effort into a budget, or passes it to models that adapt', () => {
    expect(toAnthropic({ reasoning_effort: 'low', max_tokens: 10_000, temperature: 0.3 })).toMatchObject({
      sent: { thinking: { type: 'enabled', budget_tokens: 2_000 }, max_tokens: 10_000 },
      dropped: ['temperature'],
    })
    expect(toAnthropic({ reasoning_effort: 'high' }, target({ providerId: 'anthropic', modelId: 'claude-opus-4-6' })).sent).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    })
    expect(toAnthropic({ reasoning_effort: 'none' }).sent['thinking']).toEqual({ type: 'disabled' })
    expect(toAnthropic({ reasoning_effort: 'low', max_tokens: 500 })).toMatchObject({ dropped: ['reasoning_effort'] })
    expect(toAnthropic({ thinking: { type: 'enabled', budget_tokens: 1_500 }, max_tokens: 4_000 }).sent['thinking']).toEqual({
      type: 'enabled',
      budget_tokens: 1_500,
    })
  })

  it('sends signed thinking back before the calls that it led to', () => {
    const { sent, dropped } = toAnthropic({
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          content: 'Let me see.',
          reasoning_content: 'Hm',
          thinking_blocks: [
            { type: 'thinking', thinking: 'Hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'zzz' },
          ],
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
        { role: 'assistant', content: 'Done', reasoning_content: 'unsigned' },
        { role: 'user', content: 'y' },
      ],
    })
    const messages = sent['messages'] as { content: unknown }[]
    expect(messages[1]?.content).toEqual([
      { type: 'thinking', thinking: 'Hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'zzz' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'c', name: 'f', input: {} },
    ])
    expect(dropped).toEqual(['messages.3.content.0'])
  })

  it('moves system messages inside the conversation, or leaves them where the model takes them', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'system', content: 'now in French' },
    ]
    expect(toAnthropic({ messages })).toMatchObject({ sent: { system: 'now in French' }, dropped: ['messages.1'] })
    expect(toAnthropic({ messages }, target({ providerId: 'anthropic', modelId: 'claude-opus-4-8' })).sent['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'system', content: [{ type: 'text', text: 'now in French' }] },
    ])
  })

  it('restricts the tools to those that are allowed', () => {
    const { sent } = toAnthropic({
      tools: [functionTool, { type: 'function', function: { name: 'other' } }],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'other' } }] } },
    })
    expect(sent['tools']).toEqual([{ name: 'other', input_schema: { type: 'object', properties: {} } }])
    expect(sent['tool_choice']).toEqual({ type: 'auto' })
  })

  it('reports what it leaves out, and refuses it where the target says so', () => {
    const body = { seed: 1, presence_penalty: 0.1, logit_bias: { 5: 1 }, store: true, metadata: { a: 'b' }, logprobs: false }
    expect(toAnthropic(body).dropped).toEqual(
      ['seed', 'presence_penalty', 'metadata', 'logit_bias', 'store'].sort(
        (a, b) => toAnthropic(body).dropped.indexOf(a) - toAnthropic(body).dropped.indexOf(b),
      ),
    )
    const strict = target({ providerId: 'anthropic', modelId: 'claude-sonnet-4-5', options: { unsupported: 'error' } })
    expect(() => toAnthropic({ seed: 1 }, strict)).toThrow(
      expect.objectContaining({ code: 'GATEWAY_NOT_EXPRESSIBLE', status: 400, details: expect.objectContaining({ field: 'seed' }) }),
    )
  })

  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['tools', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    [
      'messages.0.content.0',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'mp3' } }] }] },
    ],
    ['messages.0.content.0', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
  ])('refuses %s, which would change the answer', (field, body) => {
    expect(() => toAnthropic(body)).toThrow(
      expect.objectContaining({ code: 'GATEWAY_NOT_EXPRESSIBLE', details: expect.objectContaining({ field }) }),
    )
  })

  it('drops even that where the target says so, but never a second answer', () => {
    const lax = target({ providerId: 'anthropic', modelId: 'claude-sonnet-4-5', options: { unsupported: 'drop' } })
    expect(toAnthropic({ logprobs: true, top_logprobs: 3 }, lax).dropped).toEqual(
      ['logprobs', 'top_logprobs'].sort((a) => (a === 'logprobs' ? -1 : 1)),
    )
    expect(() => toAnthropic({ n: 2 }, lax)).toThrow(/'n' cannot be expressed/)
  })

  it.each([
    ['messages', { messages: [] }],
    ['messages.0.role', { messages: [{ role: 'robot', content: 'x' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages.0.content.1.image_url', { messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url' }] }] }],
    [
      'messages.1.tool_calls.0.id',
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '' } }] },
        ],
      },
    ],
    ['temperature', { temperature: 'hot' }],
    ['tools.0.function.name', { tools: [{ type: 'function', function: {} }] }],
    ['functions', { functions: [] }],
  ])('names %s when it is wrong', (field, body) => {
    expect(() => toAnthropic(body)).toThrow(
      expect.objectContaining({ code: 'GATEWAY_FIELD_INVALID', status: 400, details: expect.objectContaining({ field }) }),
    )
  })
})

describe('Anthropic messages to OpenAI chat', () => {
  it('sends system blocks, tools, results with images, and sampling', () => {
    const { sent, dropped } = toOpenai({
      system: [{ type: 'text', text: 'Be brief.' }],
      tools: [tool],
      tool_choice: { type: 'tool', name: 'get_weather', disable_parallel_tool_use: true },
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Look.' },
            { type: 'tool_use', id: 't1', name: 'get_weather', input: { city: 'Oslo' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [
                { type: 'text', text: 'see' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
              ],
            },
            { type: 'text', text: 'So?' },
          ],
        },
      ],
    })
    expect(sent).toEqual({
      model: 'gpt-4.1',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: 'Look.',
          tool_calls: [{ id: 't1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
        },
        { role: 'tool', tool_call_id: 't1', content: 'see' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Output of tool call t1:' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
            { type: 'text', text: 'So?' },
          ],
        },
      ],
      tools: [functionTool],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      parallel_tool_calls: false,
      max_completion_tokens: 100,
      stop: ['END'],
      user: 'u',
    })
    expect(dropped).toEqual([])
  })

  it('asks for usage in streams, where the upstream takes the question', () => {
    expect(toOpenai({ stream: true }).sent).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    const mistral = toOpenai(
      { stream: true },
      target({ providerId: 'mistral', modelId: 'mistral-large-latest' }),
      presetProvider('mistral'),
    )
    expect(mistral.sent).toMatchObject({ stream: true, max_tokens: 100 })
    expect(mistral.sent).not.toHaveProperty('stream_options')
  })

  it('gives Mistral ids of nine letters, the same for call and result', () => {
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_01', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01', content: 'y' }] },
    ]
    const { sent } = toOpenai(
      { messages, tools: [tool], tool_choice: { type: 'any' } },
      target({ providerId: 'mistral', modelId: 'm' }),
      presetProvider('mistral'),
    )
    const [, assistant, result] = sent['messages'] as [unknown, { tool_calls: { id: string }[] }, { tool_call_id: string }]
    expect(assistant.tool_calls[0]?.id).toMatch(/^[a-z0-9]{9}$/)
    expect(result.tool_call_id).toBe(assistant.tool_calls[0]?.id)
    expect(sent['tool_choice']).toBe('any')
  })

  it('says how much to think in the words of each upstream', () => {
    const thinking = { type: 'enabled', budget_tokens: 5_000 }
    const ask = (body: object, to = gpt, provider = openai) => toOpenai({ max_tokens: 10_000, ...body }, to, provider)
    expect(ask({ thinking }, target({ providerId: 'openai', modelId: 'gpt-5.2' })).sent['reasoning_effort']).toBe('medium')
    expect(ask({ output_config: { effort: 'high' } }, target({ providerId: 'openai', modelId: 'o3' })).sent['reasoning_effort']).toBe(
      'high',
    )
    expect(ask({ thinking })).toMatchObject({ dropped: ['thinking'] })
    expect(ask({ thinking }, target({ providerId: 'deepseek', modelId: 'm' }), presetProvider('deepseek')).sent['thinking']).toEqual({
      type: 'enabled',
    })
    expect(ask({ thinking }, target({ providerId: 'openrouter', modelId: 'm' }), presetProvider('openrouter')).sent['reasoning']).toEqual({
      max_tokens: 5_000,
    })
    expect(
      ask({ thinking: { type: 'disabled' } }, target({ providerId: 'vllm', modelId: 'm' }), presetProvider('vllm')).sent[
        'chat_template_kwargs'
      ],
    ).toEqual({ enable_thinking: false })
  })

  it('sends structured output, and refuses it where only JSON can be had', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false }
    const output_config = { format: { type: 'json_schema', schema } }
    expect(toOpenai({ output_config }).sent['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'output', schema, strict: true },
    })
    expect(() => toOpenai({ output_config }, target({ providerId: 'deepseek', modelId: 'm' }), presetProvider('deepseek'))).toThrow(
      /guarantees JSON but no schema/,
    )
  })

  it('passes cache marks to those who know them and reports them elsewhere', () => {
    const body = { system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }] }
    expect(toOpenai(body)).toMatchObject({
      sent: { messages: [{ role: 'system', content: 's' }, {}] },
      dropped: ['messages.0.content.0.cache_control'],
    })
    const router = toOpenai(body, target({ providerId: 'openrouter', modelId: 'm' }), presetProvider('openrouter'))
    expect(router.sent['messages']).toMatchObject([{ content: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }] }, {}])
  })

  it('reports or refuses what OpenAI cannot say', () => {
    expect(toOpenai({ top_k: 5, inference_geo: 'eu' }).dropped).toEqual(['top_k', 'inference_geo'])
    expect(toOpenai({ top_k: 5 }, target({ providerId: 'vllm', modelId: 'm' }), presetProvider('vllm')).sent['top_k']).toBe(5)
    expect(() => toOpenai({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] })).toThrow(/web_search_20250305/)
    expect(() =>
      toOpenai({ messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } }] }] }),
    ).toThrow(/fetches no documents/)
    expect(toOpenai({}, target({ providerId: 'openai-compatible', modelId: 'm' }), openaiCompatible).sent).toMatchObject({
      max_tokens: 100,
    })
  })

  it('requires max_tokens, except for counting', () => {
    const body = bytes(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }))
    expect(() => anthropicMessages.decodeRequest(body, 'chat')).toThrow(/max_tokens/)
    const request = anthropicMessages.decodeRequest(body, 'count-tokens')
    expect(json(anthropic.encodeRequest(request, claude))).toEqual({
      model: 'claude-sonnet-4-5',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    })
    const counted = openai.answerLocally?.(request)
    expect(counted).toMatchObject({ usageEstimated: true })
    if (counted === undefined) throw new Error('a count was expected')
    expect(json(anthropicMessages.encodeResponse(counted, request))).toEqual({ input_tokens: 5, estimated: true })
  })
})

describe('there and back', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.trim() !== '')
  const name = fc.stringMatching(/^[a-z_]{1,12}$/)
  const mark = fc.option(fc.constant({ type: 'ephemeral' as const }), { nil: undefined })
  const textPart = fc.record({ kind: fc.constant('text' as const), text: word, cacheControl: mark })
  const imagePart = fc.record({
    kind: fc.constant('image' as const),
    source: fc.oneof(
      fc.webUrl().map((url) => ({ kind: 'url' as const, url })),
      fc.base64String({ minLength: 4 }).map((data) => ({ kind: 'base64' as const, mediaType: 'image/png', data })),
    ),
    cacheControl: mark,
  })
  const pdfPart = fc.record({
    kind: fc.constant('file' as const),
    source: fc.base64String({ minLength: 4 }).map((data) => ({ kind: 'base64' as const, mediaType: 'application/pdf', data })),
    filename: fc.constant('a.pdf'),
    cacheControl: mark,
  })
  const input = fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), { maxKeys: 3 })
  const callPart = (index: number) =>
    fc.record({
      kind: fc.constant('tool-call' as const),
      id: fc.constant(`call_${String(index)}`),
      name,
      argumentsJson: input.map((value) => JSON.stringify(value)),
    })
  const userParts = fc.array(fc.oneof(textPart, imagePart, pdfPart), { minLength: 1, maxLength: 3 })
  /** A user's turn, an assistant's turn with calls, and their results. */
  const turn = fc
    .tuple(userParts, fc.option(textPart, { nil: undefined }), callPart(0), callPart(1), word, word)
    .map(([parts, said, first, second, one, two]) => [
      { role: 'user' as const, parts },
      { role: 'assistant' as const, parts: [...(said === undefined ? [] : [{ kind: 'text' as const, text: said.text }]), first, second] },
      {
        role: 'user' as const,
        parts: [
          { kind: 'tool-result' as const, toolCallId: first.id, content: [{ kind: 'text' as const, text: one }], isError: false },
          { kind: 'tool-result' as const, toolCallId: second.id, content: [{ kind: 'text' as const, text: two }], isError: false },
        ],
      },
      { role: 'assistant' as const, parts: [{ kind: 'text' as const, text: 'done' }] },
    ])
  const request = fc.record({
    system: fc.option(textPart, { nil: undefined }),
    turns: fc.array(turn, { minLength: 1, maxLength: 3 }),
    tools: fc.uniqueArray(fc.record({ name, description: word, strict: fc.option(fc.boolean(), { nil: undefined }), cacheControl: mark }), {
      selector: (each) => each.name,
      minLength: 1,
      maxLength: 3,
    }),
    choice: fc.constantFrom(undefined, { kind: 'auto' as const }, { kind: 'required' as const }, { kind: 'tool' as const, name: 'f' }),
    parallel: fc.option(fc.boolean(), { nil: undefined }),
    stream: fc.boolean(),
    maxOutputTokens: fc.integer({ min: 1, max: 9_999 }),
    temperature: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    stop: fc.option(fc.array(word, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    userId: fc.option(word, { nil: undefined }),
  })

  /** Tool results and the rest of a turn may be cut into messages differently; what is said and in which order may not. */
  const normal = (canonical: CanonicalRequest) => {
    const { messages, dialect: _dialect, model: _model, extra: _extra, ...rest } = canonical
    const merged: { role: string; parts: unknown[] }[] = []
    for (const message of messages) {
      const last = merged.at(-1)
      if (last?.role === message.role) last.parts.push(...message.parts)
      else merged.push({ role: message.role, parts: [...message.parts] })
    }
    return JSON.parse(JSON.stringify({ ...rest, messages: merged })) as unknown
  }

  it('keeps everything that both dialects can say', () => {
    const router = presetProvider('openrouter')
    const at = target({ providerId: 'openrouter', modelId: 'm' })
    fc.assert(
      fc.property(request, (made) => {
        const original: CanonicalRequest = {
          operation: 'chat',
          dialect: 'test',
          model: 'm',
          stream: made.stream,
          messages: [
            ...(made.system === undefined ? [] : [{ role: 'system' as const, parts: [made.system] }]),
            ...made.turns.flat(),
            { role: 'user', parts: [{ kind: 'text', text: 'more' }] },
          ],
          tools: made.tools.map((each) => ({ ...each, parametersSchema: { type: 'object', properties: {} } })),
          toolChoice: made.choice,
          // Anthropic says it inside tool_choice: asking for it alone makes the choice explicit.
          parallelToolCalls: made.choice === undefined ? undefined : made.parallel,
          responseFormat: undefined,
          sampling: {
            maxOutputTokens: made.maxOutputTokens,
            ...(made.temperature === undefined ? {} : { temperature: made.temperature }),
            ...(made.stop === undefined ? {} : { stop: made.stop }),
          },
          reasoning: undefined,
          userId: made.userId,
          extra: {},
        }
        const viaAnthropic = anthropicMessages.decodeRequest(anthropic.encodeRequest(original, claude), 'chat')
        expect(normal(viaAnthropic)).toEqual(normal(original))
        const viaBoth = openaiChat.decodeRequest(router.encodeRequest(viaAnthropic, at), 'chat')
        expect(normal(viaBoth)).toEqual(normal(original))
      }),
    )
  })
})
