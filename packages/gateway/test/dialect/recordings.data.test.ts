/** Recorded streams and answers of providers, translated, satisfy the official client of the caller's dialect and lose nothing. */
import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CanonicalRequest } from '@bud-foundry/core'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { anthropicBodies, anthropicStreams, openaiBodies, openaiStreams } from './recordings.ts'
import { startReplay, type Replay } from './replay.ts'
import { anthropicFrames, bytes, decodeAll, encodeAll, json, openaiFrames, text } from './sse.ts'

let replay: Replay
beforeAll(async () => {
  replay = await startReplay()
})
afterAll(async () => {
  await replay[Symbol.asyncDispose]()
})

const openaiRequest: CanonicalRequest = openaiChat.decodeRequest(
  bytes('{"model":"alias","stream":true,"messages":[{"role":"user","content":"Hi"}]}'),
  'chat',
)
const anthropicRequest: CanonicalRequest = anthropicMessages.decodeRequest(
  bytes('{"model":"alias","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}'),
  'chat',
)
const answer = { includeUsage: true, createdUnixSeconds: 1_700_000_000 }

/** What an OpenAI answer says, extension members included. */
interface Said {
  text: string
  reasoning: string
  calls: { id: string; name: string; input: unknown }[]
  finish: string
  usage: { input: number; output: number; cached: number }
  signatures: string[]
}

interface Extended {
  reasoning_content?: string
  thinking_blocks?: { signature?: string }[]
}

function saidByOpenai(completion: OpenAI.ChatCompletion): Said {
  const [choice] = completion.choices
  if (choice === undefined) throw new Error('no choice')
  // Members beyond OpenAI's specification.
  const message = choice.message as typeof choice.message & Extended
  return {
    text: message.content ?? '',
    reasoning: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error(`call of type ${call.type}`)
      return { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }
    }),
    finish: choice.finish_reason,
    usage: {
      input: completion.usage?.prompt_tokens ?? -1,
      output: completion.usage?.completion_tokens ?? -1,
      cached: completion.usage?.prompt_tokens_details?.cached_tokens ?? 0,
    },
    signatures: (message.thinking_blocks ?? []).map((block) => block.signature ?? ''),
  }
}

const finishOf: Record<string, string> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
  pause_turn: 'stop',
}

function saidByAnthropic(message: Anthropic.Message): Said {
  const { content, usage } = message
  const cached = usage.cache_read_input_tokens ?? 0
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) => (block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [])),
    finish: finishOf[message.stop_reason ?? ''] ?? 'unknown',
    usage: { input: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0), output: usage.output_tokens, cached },
    signatures: content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : [])),
  }
}

async function readOpenai(stream: string): Promise<Said> {
  replay.serve(stream)
  const runner = replay.openai.chat.completions.stream({ model: 'm', messages: [], stream_options: { include_usage: true } })
  // The client keeps the members that it does not know by replacing them: texts of such members are joined here.
  let reasoning = ''
  for await (const chunk of runner) reasoning += (chunk.choices[0]?.delta as Extended | undefined)?.reasoning_content ?? ''
  return { ...saidByOpenai(await runner.finalChatCompletion()), reasoning }
}

async function readAnthropic(stream: string): Promise<Said> {
  replay.serve(stream)
  return saidByAnthropic(await replay.anthropic.messages.stream({ model: 'm', max_tokens: 9, messages: [] }).finalMessage())
}

const withoutSignatures = (said: Said): Said => ({ ...said, signatures: [] })

/** An OpenAI stream put together by hand, with what the client would not read from extension members. */
function saidByChunks(lines: readonly string[]): Said {
  const said: Said = { text: '', reasoning: '', calls: [], finish: '', usage: { input: -1, output: -1, cached: 0 }, signatures: [] }
  const calls = new Map<number, { id: string; name: string; args: string }>()
  for (const line of lines) {
    const chunk = JSON.parse(line) as {
      choices: {
        delta?: Extended & {
          content?: string | null
          tool_calls?: { index: number; id?: string; function?: { name?: string; arguments?: string } }[] | null
        }
        finish_reason?: string | null
      }[]
      usage?: {
        prompt_tokens: number
        completion_tokens: number
        total_tokens: number
        prompt_tokens_details?: { cached_tokens?: number } | null
        completion_tokens_details?: { reasoning_tokens?: number }
      }
    }
    const [choice] = chunk.choices
    said.text += choice?.delta?.content ?? ''
    said.reasoning += choice?.delta?.reasoning_content ?? ''
    for (const call of choice?.delta?.tool_calls ?? []) {
      const known = calls.get(call.index) ?? { id: '', name: '', args: '' }
      calls.set(call.index, {
        id: known.id || (call.id ?? ''),
        name: known.name || (call.function?.name ?? ''),
        args: known.args + (call.function?.arguments ?? ''),
      })
    }
    if (choice?.finish_reason != null) said.finish = choice.finish_reason
    if (chunk.usage != null) {
      // xAI leaves reasoning tokens out of the completion; the total has them.
      const output = Math.max(chunk.usage.completion_tokens, chunk.usage.total_tokens - chunk.usage.prompt_tokens)
      said.usage = { input: chunk.usage.prompt_tokens, output, cached: chunk.usage.prompt_tokens_details?.cached_tokens ?? 0 }
    }
  }
  said.calls = [...calls.values()].map(({ id, name, args }) => ({ id, name, input: JSON.parse(args === '' ? '{}' : args) as unknown }))
  return said
}

describe('recordings', () => {
  it('are there', () => {
    expect(openaiStreams.length).toBeGreaterThan(6)
    expect(anthropicStreams.length).toBeGreaterThan(20)
    expect(openaiBodies.length).toBeGreaterThan(6)
    expect(anthropicBodies.length).toBeGreaterThan(15)
  })
})

describe.each(openaiStreams.map((recording) => [recording.name, recording] as const))('%s', (_name, { lines }) => {
  const frames = openaiFrames(lines)
  const hasUsage = lines.some((line) => line.includes('"usage":{'))
  const expected = saidByChunks(lines)

  it('is classified: content, one finish, one end', () => {
    const kinds = frames.map((frame) => openaiChat.classify(bytes(frame)))
    expect(kinds).toContain('content')
    expect(kinds.filter((kind) => kind === 'finish')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'end')).toHaveLength(1)
    expect(kinds).not.toContain('error')
    const counts = frames
      .filter((_frame, index) => kinds[index] !== 'content')
      .map((frame) => openaiChat.usage(bytes(frame)))
      .filter((usage) => usage !== undefined)
    if (hasUsage) expect(counts.at(-1)).toMatchObject({ inputTokens: expected.usage.input, outputTokens: expected.usage.output })
  })

  it('satisfies the Anthropic client and loses nothing', async () => {
    const decoder = openai.streamDecoder(anthropicRequest)
    const stream = encodeAll(anthropicMessages.streamEncoder(anthropicRequest, answer), decodeAll(decoder, frames))
    expect(decoder.complete).toBe(true)
    const said = await readAnthropic(stream)
    expect(said).toEqual({ ...expected, usage: hasUsage ? expected.usage : said.usage, signatures: said.signatures })
    expect(stream).not.toContain('"input_tokens":0,')
  })

  it('comes through the canonical form unchanged for the OpenAI client', async () => {
    const stream = encodeAll(openaiChat.streamEncoder(openaiRequest, answer), decodeAll(openai.streamDecoder(openaiRequest), frames))
    const said = await readOpenai(stream)
    expect(said).toEqual({ ...expected, usage: hasUsage ? expected.usage : said.usage })
  })

  it('is decoded to the same deltas as one event or as joined data lines', () => {
    const spread = frames.map((frame) => (frame.startsWith('data: {') ? `data: {\ndata: ${frame.slice(7)}` : frame))
    expect(decodeAll(openai.streamDecoder(openaiRequest), spread)).toEqual(decodeAll(openai.streamDecoder(openaiRequest), frames))
  })
})

describe.each(anthropicStreams.map((recording) => [recording.name, recording] as const))('%s', (_name, { lines }) => {
  const frames = anthropicFrames(lines)

  it('is classified: content, one finish, one end', () => {
    const kinds = frames.map((frame) => anthropicMessages.classify(bytes(frame)))
    // A turn that comes whole with its start has its content there.
    expect(kinds[0] === 'finish' || kinds.includes('content')).toBe(true)
    expect(kinds.filter((kind) => kind === 'finish')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'end')).toHaveLength(1)
    expect(kinds).not.toContain('error')
  })

  it('satisfies the OpenAI client and loses nothing', async () => {
    const decoder = anthropic.streamDecoder(openaiRequest)
    const deltas = decodeAll(decoder, frames)
    expect(decoder.complete).toBe(true)
    const said = await readOpenai(encodeAll(openaiChat.streamEncoder(openaiRequest, answer), deltas))
    expect(said).toEqual(await readAnthropic(frames.join('')))
  })

  it('comes through the canonical form unchanged for the Anthropic client', async () => {
    const stream = encodeAll(
      anthropicMessages.streamEncoder(anthropicRequest, answer),
      decodeAll(anthropic.streamDecoder(anthropicRequest), frames),
    )
    replay.serve(stream)
    const translated = await replay.anthropic.messages.stream({ model: 'm', max_tokens: 9, messages: [] }).finalMessage()
    replay.serve(frames.join(''))
    const original = await replay.anthropic.messages.stream({ model: 'm', max_tokens: 9, messages: [] }).finalMessage()
    expect(saidByAnthropic(translated)).toEqual(saidByAnthropic(original))
    expect(translated.content.map((block) => block.type)).toEqual(original.content.map((block) => block.type))
    expect(translated.id).toBe(original.id)
  })
})

describe.each(openaiBodies.map((recording) => [recording.name, recording] as const))('%s', (_name, { lines: [body = ''] }) => {
  it('satisfies the Anthropic client and loses nothing', async () => {
    const response = openai.decodeResponse(bytes(body), anthropicRequest)
    replay.serve(anthropicMessages.encodeResponse(response, anthropicRequest), 'application/json')
    const said = saidByAnthropic(await replay.anthropic.messages.create({ model: 'm', max_tokens: 9, messages: [] }))
    replay.serve(body, 'application/json')
    const expected = saidByOpenai(await replay.openai.chat.completions.create({ model: 'm', messages: [] }))
    const counted = openaiChat.usage(bytes(body))
    expect(counted?.inputTokens).toBe(expected.usage.input)
    expect(withoutSignatures(said)).toEqual({
      ...expected,
      usage: { ...expected.usage, output: counted?.outputTokens, cached: counted?.cachedInputTokens },
    })
  })
})

describe.each(anthropicBodies.map((recording) => [recording.name, recording] as const))('%s', (_name, { lines: [body = ''] }) => {
  it('satisfies the OpenAI client and loses nothing', async () => {
    const response = anthropic.decodeResponse(bytes(body), openaiRequest)
    replay.serve(openaiChat.encodeResponse(response, openaiRequest), 'application/json')
    const said = saidByOpenai(await replay.openai.chat.completions.create({ model: 'm', messages: [] }))
    replay.serve(body, 'application/json')
    expect(said).toEqual(saidByAnthropic(await replay.anthropic.messages.create({ model: 'm', max_tokens: 9, messages: [] })))
  })

  it('keeps blocks that only Anthropic knows in an extension member', () => {
    const original = json(bytes(body))['content'] as { type: string }[]
    const shared = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])
    const sent = json(openaiChat.encodeResponse(anthropic.decodeResponse(bytes(body), openaiRequest), openaiRequest))
    const [choice] = sent['choices'] as { message: { other_blocks?: unknown[] } }[]
    expect(choice?.message.other_blocks ?? []).toHaveLength(original.filter((block) => !shared.has(block.type)).length)
    expect(text(bytes(body))).toBe(body)
  })
})
