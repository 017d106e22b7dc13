/** What every chat dialect is translated through when caller and upstream speak different ones. */

/** What is asked of a model. */
export type CanonicalOperation = 'chat' | 'completion' | 'embedding' | 'count-tokens'

/** Anthropic's prompt-cache breakpoint; other dialects ignore it. */
export interface CacheControl {
  readonly type: 'ephemeral'
  readonly ttl?: '5m' | '1h' | undefined
}

/** Where the bytes of an image or document are. */
export type CanonicalSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  /** A document that is plain text. */
  | { readonly kind: 'text'; readonly text: string }
  /** A file that was uploaded to the upstream before. */
  | { readonly kind: 'file-id'; readonly fileId: string }

/** A place on the web that a text rests on. */
export interface CanonicalCitation {
  readonly url: string
  readonly title: string | undefined
  readonly citedText?: string | undefined
  /** Where in the answer's text it applies, in UTF-16 code units; undefined for the whole part. */
  readonly range?: { readonly start: number; readonly end: number } | undefined
}

/** A piece of a message. */
export type CanonicalPart =
  | {
      readonly kind: 'text'
      readonly text: string
      readonly citations?: readonly CanonicalCitation[] | undefined
      readonly cacheControl?: CacheControl | undefined
    }
  | {
      readonly kind: 'image'
      readonly source: CanonicalSource
      readonly detail?: string | undefined
      readonly cacheControl?: CacheControl | undefined
    }
  | {
      readonly kind: 'file'
      readonly source: CanonicalSource
      readonly filename?: string | undefined
      readonly cacheControl?: CacheControl | undefined
    }
  | { readonly kind: 'audio'; readonly format: string; readonly data: string }
  | { readonly kind: 'thinking'; readonly text: string; readonly signature?: string | undefined }
  | { readonly kind: 'redacted-thinking'; readonly data: string }
  | {
      readonly kind: 'tool-call'
      readonly id: string
      readonly name: string
      /** JSON text, as the model wrote it. */
      readonly argumentsJson: string
      readonly cacheControl?: CacheControl | undefined
    }
  | {
      readonly kind: 'tool-result'
      readonly toolCallId: string
      readonly content: readonly CanonicalPart[]
      readonly isError: boolean
      readonly cacheControl?: CacheControl | undefined
    }
  | { readonly kind: 'refusal'; readonly text: string }
  /** A block that only the named dialect knows; others reject or drop it by policy. */
  | { readonly kind: 'other'; readonly dialect: string; readonly type: string; readonly value: Readonly<Record<string, unknown>> }

/** One turn of a conversation. */
export interface CanonicalMessage {
  readonly role: 'system' | 'user' | 'assistant'
  /** Which of several speakers of that role it is. */
  readonly name?: string | undefined
  readonly parts: readonly CanonicalPart[]
}

/** A function that the model may call. */
export interface CanonicalTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parametersSchema: Readonly<Record<string, unknown>>
  readonly strict?: boolean | undefined
  readonly cacheControl?: CacheControl | undefined
}

/** A request in no dialect. */
export interface CanonicalRequest {
  readonly operation: CanonicalOperation
  /** Id of the dialect that it was written in: `extra`, `otherTools` and parts of kind `other` are in its words. */
  readonly dialect: string
  readonly model: string
  readonly stream: boolean
  /** System text stands first, as messages of role `system`. */
  readonly messages: readonly CanonicalMessage[]
  readonly tools: readonly CanonicalTool[]
  /** Tools that only the caller's dialect knows, in its words: web search, code execution, … */
  readonly otherTools?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly toolChoice: { readonly kind: 'auto' | 'none' | 'required' } | { readonly kind: 'tool'; readonly name: string } | undefined
  readonly parallelToolCalls: boolean | undefined
  readonly responseFormat:
    | { readonly kind: 'text' }
    | { readonly kind: 'json' }
    | {
        readonly kind: 'json-schema'
        readonly name: string
        readonly schema: Readonly<Record<string, unknown>>
        readonly strict: boolean | undefined
      }
    | undefined
  readonly sampling: {
    readonly maxOutputTokens?: number | undefined
    readonly temperature?: number | undefined
    readonly topP?: number | undefined
    readonly topK?: number | undefined
    readonly stop?: readonly string[] | undefined
    readonly seed?: number | undefined
    readonly presencePenalty?: number | undefined
    readonly frequencyPenalty?: number | undefined
    readonly choices?: number | undefined
  }
  readonly reasoning:
    { readonly effort?: string | undefined; readonly budgetTokens?: number | undefined; readonly enabled?: boolean | undefined } | undefined
  readonly userId: string | undefined
  /** `auto`, `default`, `priority`, … */
  readonly serviceTier?: string | undefined
  /** Legacy completions: each prompt is text or token ids. */
  readonly prompts?: readonly (string | readonly number[])[] | undefined
  readonly embedding?:
    | {
        readonly inputs: readonly (string | readonly number[])[]
        readonly dimensions: number | undefined
        readonly encodingFormat: 'float' | 'base64' | undefined
      }
    | undefined
  /** Fields of the caller's dialect that have no canonical place; a provider sends, drops or rejects them by policy, never silently. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** Counts of one answer. Cached and written prompt tokens are part of `inputTokens`, reasoning tokens of `outputTokens`. */
export interface TokenUsage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteInputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  /** The part of `cacheWriteInputTokens` that is kept for an hour, where an upstream tells. */
  readonly cacheWrite1hInputTokens?: number | undefined
  /** Parts of `inputTokens` and `outputTokens` that are not text, where an upstream tells. */
  readonly audioInputTokens?: number | undefined
  readonly imageInputTokens?: number | undefined
  readonly audioOutputTokens?: number | undefined
  readonly imageOutputTokens?: number | undefined
  /** The service tier that the upstream says it answered in. */
  readonly serviceTier?: string | undefined
}

/** Why the model stopped. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'stop-sequence' | 'pause' | 'other'

/** A whole answer in no dialect. */
export interface CanonicalResponse {
  readonly id: string
  readonly model: string
  /** 0 where the upstream does not tell (Anthropic); whoever delivers the answer puts the time of arrival in. */
  readonly createdUnixSeconds: number
  readonly choices: readonly {
    readonly parts: readonly CanonicalPart[]
    readonly finish: FinishReason
    readonly stopSequence?: string | undefined
  }[]
  readonly usage: TokenUsage | undefined
  readonly serviceTier?: string | undefined
  /** Embedding vectors in the order of the inputs: numbers, or little-endian float32 in base64. */
  readonly embeddings?: readonly (readonly number[] | string)[] | undefined
  /** True when `usage` was estimated here and not counted by the upstream. */
  readonly usageEstimated?: boolean | undefined
}

/** One step of a streamed answer. Part indexes count the parts of the answer from 0, in order of their start. */
export type CanonicalDelta =
  | { readonly kind: 'start'; readonly id: string; readonly model: string; readonly usage?: Partial<TokenUsage> | undefined }
  | { readonly kind: 'text'; readonly index: number; readonly text: string }
  | { readonly kind: 'citation'; readonly index: number; readonly citation: CanonicalCitation }
  /** A whole block that only the named dialect knows. */
  | {
      readonly kind: 'other'
      readonly index: number
      readonly dialect: string
      readonly type: string
      readonly value: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'thinking'; readonly index: number; readonly text: string }
  | { readonly kind: 'thinking-signature'; readonly index: number; readonly signature: string }
  | { readonly kind: 'redacted-thinking'; readonly index: number; readonly data: string }
  | { readonly kind: 'tool-call'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'tool-arguments'; readonly index: number; readonly json: string }
  | { readonly kind: 'refusal'; readonly index: number; readonly text: string }
  | { readonly kind: 'usage'; readonly usage: TokenUsage }
  | { readonly kind: 'finish'; readonly reason: FinishReason; readonly stopSequence?: string | undefined }
  | { readonly kind: 'error'; readonly message: string; readonly type: string | undefined; readonly code?: string | undefined }
