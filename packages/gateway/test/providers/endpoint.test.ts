/** Providers know where operations go and with which credentials. */
import { createSecret } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { anthropicModel } from '../../src/providers/anthropic/models.ts'
import { azureOpenai } from '../../src/providers/azure-openai/index.ts'
import { openaiCompatible, presetProvider } from '../../src/providers/openai-compatible/index.ts'
import { isPresetId, openaiCompatiblePresets } from '../../src/providers/openai-compatible/preset.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { target } from './target.ts'

describe('endpoints', () => {
  it('of OpenAI, below whatever base URL', () => {
    const at = target({ providerId: 'openai', modelId: 'm', options: { organization: 'org', project: 'p' } })
    expect(openai.endpoint('chat', at)).toEqual({
      url: new URL('https://upstream.test/v1/chat/completions'),
      headers: { 'content-type': 'application/json', authorization: 'Bearer key', 'openai-organization': 'org', 'openai-project': 'p' },
    })
    const prefixed = target({ providerId: 'openai', modelId: 'm', baseUrl: new URL('https://x.test/a/v1/?tenant=1') })
    expect(openai.endpoint('embedding', prefixed).url.href).toBe('https://x.test/a/v1/embeddings?tenant=1')
    expect(openai.endpoint('completion', prefixed).url.href).toBe('https://x.test/a/v1/completions?tenant=1')
  })

  it('of Azure, with the deployment in the body or in the path', () => {
    const baseUrl = new URL('https://res.openai.azure.com')
    expect(azureOpenai.endpoint('chat', target({ providerId: 'azure-openai', modelId: 'd', baseUrl }))).toEqual({
      url: new URL('https://res.openai.azure.com/openai/v1/chat/completions'),
      headers: { 'content-type': 'application/json', 'api-key': 'key' },
    })
    const dated = target({ providerId: 'azure-openai', modelId: 'my dep', baseUrl, options: { apiVersion: '2024-10-21', auth: 'bearer' } })
    expect(azureOpenai.endpoint('embedding', dated)).toEqual({
      url: new URL('https://res.openai.azure.com/openai/deployments/my%20dep/embeddings?api-version=2024-10-21'),
      headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
    })
    const wrong = target({ providerId: 'azure-openai', modelId: 'd', baseUrl, options: { apiVersion: 'latest' } })
    expect(() => azureOpenai.endpoint('chat', wrong)).toThrow(expect.objectContaining({ code: 'GATEWAY_TARGET_OPTION_INVALID' }))
  })

  it('of Anthropic, with and without /v1 in the base URL', () => {
    const at = target({ providerId: 'anthropic', modelId: 'm', baseUrl: new URL('https://api.anthropic.com'), options: { beta: 'x-1' } })
    expect(anthropic.endpoint('chat', at)).toEqual({
      url: new URL('https://api.anthropic.com/v1/messages'),
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'key', 'anthropic-beta': 'x-1' },
    })
    expect(anthropic.endpoint('count-tokens', target({ providerId: 'anthropic', modelId: 'm' })).url.href).toBe(
      'https://upstream.test/v1/messages/count_tokens',
    )
    const oauth = target({ providerId: 'anthropic', modelId: 'm', options: { auth: 'bearer' } })
    expect(anthropic.endpoint('chat', oauth).headers).toMatchObject({ authorization: 'Bearer key' })
  })

  it('send no credential where a target has none, and the current one where it changes', () => {
    const { credential: _credential, ...rest } = target({ providerId: 'vllm', modelId: 'm' })
    expect(openaiCompatible.endpoint('chat', { ...rest, credential: undefined }).headers).toEqual({ 'content-type': 'application/json' })
    let secret = 'one'
    const rotating = target({ providerId: 'openai', modelId: 'm', credential: { ...createSecret(''), reveal: () => secret } })
    expect(openai.endpoint('chat', rotating).headers['authorization']).toBe('Bearer one')
    secret = 'two'
    expect(openai.endpoint('chat', rotating).headers['authorization']).toBe('Bearer two')
  })
})

describe('presets', () => {
  it('are providers of their own, and options of the general one', () => {
    for (const [id, preset] of Object.entries(openaiCompatiblePresets)) {
      if (!isPresetId(id)) throw new Error(id)
      const provider = presetProvider(id)
      expect(provider).toMatchObject({ contract: 'provider/1', id, dialect: 'openai-chat', defaultBaseUrl: preset.baseUrl })
      expect(preset.sources.length).toBeGreaterThan(0)
      const general = openaiCompatible.acceptsStreamOptions?.(
        target({ providerId: 'openai-compatible', modelId: 'm', options: { preset: id } }),
      )
      expect(general).toBe(provider.acceptsStreamOptions?.(target({ providerId: id, modelId: 'm' })))
    }
    expect(presetProvider('mistral').acceptsStreamOptions?.(target({ providerId: 'mistral', modelId: 'm' }))).toBe(false)
  })

  it('refuse options that they do not know', () => {
    const accepts = (options: Record<string, string>) =>
      openaiCompatible.acceptsStreamOptions?.(target({ providerId: 'openai-compatible', modelId: 'm', options }))
    expect(() => accepts({ preset: 'nonesuch' })).toThrow(/option 'preset' is 'nonesuch'; use vllm, sglang/)
    expect(() => accepts({ preset: 'toString' })).toThrow(/option 'preset'/)
    expect(() => accepts({ reasoning: 'much' })).toThrow(/option 'reasoning'/)
  })
})

describe('Anthropic models', () => {
  it.each([
    ['claude-3-haiku-20240307', { maxOutputTokens: 4_096, structuredOutput: false, thinking: 'none' }],
    ['claude-3-5-sonnet-latest', { maxOutputTokens: 8_192, thinking: 'none' }],
    ['claude-3-7-sonnet-20250219', { maxOutputTokens: 64_000, thinking: 'budget' }],
    ['claude-sonnet-4-20250514', { maxOutputTokens: 64_000, structuredOutput: false, thinking: 'budget' }],
    ['claude-sonnet-4-5-20250929', { structuredOutput: true, thinking: 'budget', sampling: true }],
    ['claude-opus-4-6', { maxOutputTokens: 128_000, thinking: 'adaptive', sampling: true }],
    ['claude-opus-4-8', { sampling: false, lateSystem: true, forcedTools: true }],
    ['claude-sonnet-5', { sampling: false, forcedTools: true }],
    ['claude-opus-5-5', { forcedTools: false, alwaysThinks: true }],
    ['claude-something-new', { maxOutputTokens: 128_000, thinking: 'adaptive' }],
    ['glm-5', { maxOutputTokens: 4_096, thinking: 'budget' }],
  ])('%s', (name, expected) => {
    expect(anthropicModel(name)).toMatchObject(expected)
  })
})
