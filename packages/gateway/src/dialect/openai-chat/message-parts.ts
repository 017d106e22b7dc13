/** The parts of an assistant message as OpenAI and its imitators spell them; shared by whole answers and streams. */
import type { CanonicalCitation, CanonicalPart } from '@bud-foundry/core'
import { asArray, asNumber, asObject, asString } from '../sse-frame.ts'

type Json = Readonly<Record<string, unknown>>

/** Text and thinking of `content`: a string, or Mistral's list of chunks (docs.mistral.ai/capabilities/reasoning). */
export function readContent(content: unknown): readonly ({ readonly kind: 'text' | 'thinking'; readonly text: string } | undefined)[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  return asArray(content).map((raw) => {
    const chunk = asObject(raw)
    if (chunk?.['type'] === 'thinking') {
      const inner = chunk['thinking']
      const text =
        typeof inner === 'string'
          ? inner
          : asArray(inner)
              .map((part) => asString(asObject(part)?.['text']) ?? '')
              .join('')
      return text === '' ? undefined : { kind: 'thinking', text }
    }
    const text = asString(chunk?.['text'])
    return text === undefined || text === '' ? undefined : { kind: 'text', text }
  })
}

/** Thinking: DeepSeek, vLLM, SGLang, xAI and others `reasoning_content`; OpenRouter, Groq, newer vLLM `reasoning`. */
export const readReasoning = (message: Json): string | undefined => {
  const text = asString(message['reasoning_content']) ?? asString(message['reasoning'])
  return text === '' ? undefined : text
}

/** Thinking with signatures: `thinking_blocks` (ours, LiteLLM's), or OpenRouter's `reasoning_details` (openrouter.ai/docs/use-cases/reasoning-tokens). */
export function readThinkingBlocks(message: Json): CanonicalPart[] {
  const blocks = asArray(message['thinking_blocks']).map(asObject)
  const parts: CanonicalPart[] = []
  for (const block of blocks) {
    const data = asString(block?.['data'])
    if (block?.['type'] === 'redacted_thinking' && data !== undefined) parts.push({ kind: 'redacted-thinking', data })
    else if (block?.['type'] === 'thinking') {
      const signature = asString(block['signature'])
      parts.push({ kind: 'thinking', text: asString(block['thinking']) ?? '', ...(signature === undefined ? {} : { signature }) })
    }
  }
  if (parts.length > 0) return parts
  for (const detail of asArray(message['reasoning_details']).map(asObject)) {
    const signature = asString(detail?.['signature'])
    const data = asString(detail?.['data'])
    if (detail?.['type'] === 'reasoning.text')
      parts.push({ kind: 'thinking', text: asString(detail['text']) ?? '', ...(signature === undefined ? {} : { signature }) })
    else if (detail?.['type'] === 'reasoning.encrypted' && data !== undefined) parts.push({ kind: 'redacted-thinking', data })
  }
  return parts
}

/** OpenAI's `annotations` of type url_citation. */
export const readCitations = (message: Json): CanonicalCitation[] =>
  asArray(message['annotations']).flatMap((raw) => {
    const citation = asObject(asObject(raw)?.['url_citation'])
    const url = asString(citation?.['url'])
    if (url === undefined) return []
    const start = asNumber(citation?.['start_index'])
    const end = asNumber(citation?.['end_index'])
    return [{ url, title: asString(citation?.['title']), ...(start === undefined || end === undefined ? {} : { range: { start, end } }) }]
  })

/** A citation as an annotation; without a range of its own it covers the text from `from` to `to`. */
export const toAnnotation = (citation: CanonicalCitation, from: number, to: number) => ({
  type: 'url_citation',
  url_citation: {
    start_index: citation.range?.start ?? from,
    end_index: citation.range?.end ?? to,
    url: citation.url,
    title: citation.title ?? '',
  },
})

/** A thinking part as a block that can be sent back with its signature. */
export const toThinkingBlock = (part: Extract<CanonicalPart, { kind: 'thinking' | 'redacted-thinking' }>) =>
  part.kind === 'redacted-thinking'
    ? { type: 'redacted_thinking', data: part.data }
    : { type: 'thinking', thinking: part.text, ...(part.signature === undefined ? {} : { signature: part.signature }) }
