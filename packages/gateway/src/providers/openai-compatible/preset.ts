/** Engines and hosts that speak OpenAI's dialect: where they are and in what they differ. */
import type { Prefill } from '@bud-foundry/core'
import { openaiQuirks, type OpenaiQuirks } from '../../dialect/openai-chat/quirks.ts'

export interface OpenaiCompatiblePreset {
  /** Where it listens by default; hosted ones have no other place. */
  readonly baseUrl: string
  readonly quirks: OpenaiQuirks
  /** Absent where a closing assistant message is answered, refused, or carried on for some models only. */
  readonly prefill?: Prefill
  /** Where base URL and quirks are documented. */
  readonly sources: readonly string[]
}

/** What nearly all of them have in common: the old name of the limit, no tiers, no thinking switch. */
const compatible: OpenaiQuirks = {
  ...openaiQuirks,
  maxTokensField: 'max_tokens',
  reasoning: 'none',
  serviceTier: false,
  files: false,
}

/** Engines that load a chat template: sampling extensions, thinking through the template, earlier thinking as reasoning_content. */
const engine: OpenaiQuirks = { ...compatible, reasoning: 'chat-template', reasoningHistory: 'reasoning_content', topK: true }

/** Every preset by its id, which is a provider's id too. */
export const openaiCompatiblePresets = {
  vllm: {
    baseUrl: 'http://localhost:8000/v1',
    quirks: engine,
    prefill: { bodyFields: { add_generation_prompt: false, continue_final_message: true } },
    sources: [
      'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
      'https://docs.vllm.ai/en/latest/features/reasoning_outputs.html',
    ],
  },
  sglang: {
    baseUrl: 'http://localhost:30000/v1',
    quirks: engine,
    prefill: { bodyFields: { continue_final_message: true } },
    sources: ['https://docs.sglang.ai/basic_usage/openai_api_completions.html'],
  },
  'tensorrt-llm': {
    baseUrl: 'http://localhost:8000/v1',
    quirks: engine,
    sources: ['https://nvidia.github.io/TensorRT-LLM/commands/trtllm-serve/trtllm-serve.html'],
  },
  tgi: {
    baseUrl: 'http://localhost:8080/v1',
    quirks: { ...compatible, parallelToolCalls: false, strictTools: false, user: false },
    sources: ['https://huggingface.co/docs/text-generation-inference/messages_api'],
  },
  'llama-cpp': {
    baseUrl: 'http://localhost:8080/v1',
    quirks: { ...engine, strictTools: false, user: false },
    sources: ['https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md'],
  },
  ollama: {
    baseUrl: 'http://localhost:11434/v1',
    quirks: {
      ...compatible,
      reasoning: 'reasoning_effort',
      reasoningHistory: 'reasoning',
      parallelToolCalls: false,
      strictTools: false,
      user: false,
    },
    sources: ['https://docs.ollama.com/api/openai-compatibility'],
  },
  groq: {
    baseUrl: 'https://api.groq.com/openai/v1',
    quirks: { ...compatible, maxTokensField: 'max_completion_tokens', serviceTier: true, names: false, penalties: false },
    sources: ['https://console.groq.com/docs/openai', 'https://console.groq.com/docs/api-reference'],
  },
  mistral: {
    baseUrl: 'https://api.mistral.ai/v1',
    // Unknown fields are answered with 422 there, stream_options among them: openai/openai-agents-python issue 442.
    quirks: {
      ...compatible,
      seedField: 'random_seed',
      toolChoiceRequired: 'any',
      toolCallIds: 'nine-letters',
      streamOptions: false,
      user: false,
      names: false,
    },
    prefill: { messageFields: { prefix: true } },
    sources: ['https://docs.mistral.ai/api', 'https://github.com/openai/openai-agents-python/issues/442'],
  },
  deepseek: {
    baseUrl: 'https://api.deepseek.com/v1',
    quirks: {
      ...compatible,
      reasoning: 'thinking',
      // In tool loops earlier thinking must be sent back; elsewhere it is ignored.
      reasoningHistory: 'reasoning_content',
      seedField: undefined,
      structuredOutput: 'json-object',
      parallelToolCalls: false,
      user: false,
      images: false,
    },
    sources: ['https://api-docs.deepseek.com/guides/thinking_mode', 'https://api-docs.deepseek.com/api/create-chat-completion'],
  },
  together: {
    baseUrl: 'https://api.together.xyz/v1',
    quirks: { ...compatible, topK: true, parallelToolCalls: false, strictTools: false, user: false },
    sources: ['https://docs.together.ai/docs/openai-api-compatibility', 'https://docs.together.ai/reference/chat-completions-1'],
  },
  fireworks: {
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    quirks: { ...compatible, topK: true, reasoningHistory: 'reasoning_content' },
    sources: ['https://docs.fireworks.ai/tools-sdks/openai-compatibility', 'https://docs.fireworks.ai/api-reference/post-chatcompletions'],
  },
  openrouter: {
    baseUrl: 'https://openrouter.ai/api/v1',
    quirks: {
      ...compatible,
      reasoning: 'openrouter',
      reasoningHistory: 'reasoning',
      topK: true,
      cacheControl: 'cache_control',
      files: true,
    },
    sources: ['https://openrouter.ai/docs/api-reference/overview', 'https://openrouter.ai/docs/use-cases/reasoning-tokens'],
  },
  xai: {
    baseUrl: 'https://api.x.ai/v1',
    quirks: { ...compatible, maxTokensField: 'max_completion_tokens', reasoningHistory: 'reasoning_content' },
    sources: ['https://docs.x.ai/docs/api-reference'],
  },
} as const satisfies Readonly<Record<string, OpenaiCompatiblePreset>>

export type OpenaiCompatiblePresetId = keyof typeof openaiCompatiblePresets

/** For an upstream of which nothing is known. */
export const unknownCompatible: OpenaiQuirks = { ...compatible, strictTools: false }

export const isPresetId = (id: string): id is OpenaiCompatiblePresetId => Object.hasOwn(openaiCompatiblePresets, id)
