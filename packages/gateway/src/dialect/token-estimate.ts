/** Estimates the input tokens of a request where nobody has counted them. */
import type { CanonicalPart, CanonicalRequest } from '@bud-foundry/core'

/** Rule of thumb of OpenAI and Anthropic for English text (help.openai.com/articles/4936856); UTF-8 bytes make it hold for CJK too. */
const bytesPerToken = 4
/** Role and separators of one message: 3 to 4 in OpenAI's own recipe (cookbook.openai.com, "How to count tokens with tiktoken"). */
const tokensPerMessage = 4
/** An image of 1092×1092 pixels costs about 1,590 tokens (platform.claude.com/docs/en/build-with-claude/vision). */
const tokensPerImage = 1_590
/** A page of a document costs 1,500 to 3,000 tokens (platform.claude.com/docs/en/build-with-claude/pdf-support); base64 of an average page is about 100 KB. */
const documentBytesPerToken = 50

function partBytes(part: CanonicalPart): number {
  switch (part.kind) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return Buffer.byteLength(part.text)
    case 'image':
      return tokensPerImage * bytesPerToken
    case 'file':
      if (part.source.kind === 'text') return Buffer.byteLength(part.source.text)
      return part.source.kind === 'base64'
        ? (part.source.data.length / documentBytesPerToken) * bytesPerToken
        : tokensPerImage * bytesPerToken
    case 'audio':
      return part.data.length / documentBytesPerToken
    case 'redacted-thinking':
      return part.data.length
    case 'tool-call':
      return Buffer.byteLength(part.name) + Buffer.byteLength(part.argumentsJson)
    case 'tool-result':
      return part.content.reduce((total, nested) => total + partBytes(nested), 0)
    case 'other':
      return Buffer.byteLength(JSON.stringify(part.value))
  }
}

/** Estimated input tokens: messages, tools and schema. At least 1. */
export function estimateInputTokens(request: CanonicalRequest): number {
  let bytes = 0
  for (const message of request.messages) for (const part of message.parts) bytes += partBytes(part)
  for (const tool of request.tools) {
    bytes +=
      Buffer.byteLength(tool.name) + Buffer.byteLength(tool.description ?? '') + Buffer.byteLength(JSON.stringify(tool.parametersSchema))
  }
  if (request.responseFormat?.kind === 'json-schema') bytes += Buffer.byteLength(JSON.stringify(request.responseFormat.schema))
  return Math.max(1, Math.ceil(bytes / bytesPerToken) + request.messages.length * tokensPerMessage)
}

/** Estimated tokens of a text that was answered. */
export const estimateTextTokens = (textBytes: number): number => Math.ceil(textBytes / bytesPerToken)
