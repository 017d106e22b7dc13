/** Canonical requests of every kind, for suites of what encodes them. */
import type { CanonicalRequest } from '../../contracts/canonical.ts'
import { frozen } from './suite.ts'

/** The smallest chat: one message of a user. */
export const plainRequest: CanonicalRequest = frozen({
  operation: 'chat',
  dialect: 'conformance',
  model: 'asked-model',
  stream: false,
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Say "hello" ä€😀\n' }] }],
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  responseFormat: undefined,
  sampling: {},
  reasoning: undefined,
  userId: undefined,
  extra: {},
})

const text = (value: string) => ({ kind: 'text', text: value }) as const
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

/** Requests that an upstream may or may not be able to express: sent, or refused with status 400, and nothing else. */
export const requestGallery: readonly (readonly [name: string, request: CanonicalRequest])[] = [
  ['a stream', { ...plainRequest, stream: true }],
  ['system text', { ...plainRequest, messages: [{ role: 'system', parts: [text('Be brief.')] }, ...plainRequest.messages] }],
  [
    'all of sampling',
    {
      ...plainRequest,
      sampling: {
        maxOutputTokens: 10,
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        stop: ['END'],
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.1,
        choices: 2,
      },
    },
  ],
  [
    'tools and their results',
    {
      ...plainRequest,
      tools: [{ name: 'weather', description: 'Weather of a city', parametersSchema: parameters, strict: true }],
      toolChoice: { kind: 'tool', name: 'weather' },
      parallelToolCalls: false,
      messages: [
        ...plainRequest.messages,
        {
          role: 'assistant',
          parts: [text('Let me see.'), { kind: 'tool-call', id: 'call-1', name: 'weather', argumentsJson: '{"city":"Bern"}' }],
        },
        { role: 'user', parts: [{ kind: 'tool-result', toolCallId: 'call-1', content: [text('sunny')], isError: false }] },
      ],
    },
  ],
  [
    'a tool call whose arguments are no JSON',
    {
      ...plainRequest,
      messages: [
        ...plainRequest.messages,
        { role: 'assistant', parts: [{ kind: 'tool-call', id: 'c', name: 'weather', argumentsJson: '{"city":' }] },
      ],
    },
  ],
  [
    'images',
    {
      ...plainRequest,
      messages: [
        {
          role: 'user',
          parts: [
            { kind: 'image', source: { kind: 'url', url: 'https://images.test/a.png' }, detail: 'low' },
            { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
      ],
    },
  ],
  [
    'a document',
    {
      ...plainRequest,
      messages: [
        {
          role: 'user',
          parts: [{ kind: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' }, filename: 'a.pdf' }],
        },
      ],
    },
  ],
  [
    'thinking',
    {
      ...plainRequest,
      reasoning: { effort: 'high', budgetTokens: 2048, enabled: true },
      sampling: { maxOutputTokens: 4096 },
      messages: [
        ...plainRequest.messages,
        { role: 'assistant', parts: [{ kind: 'thinking', text: 'hm', signature: 'sig' }, text('Yes.')] },
        ...plainRequest.messages,
      ],
    },
  ],
  [
    'a schema for the answer',
    { ...plainRequest, responseFormat: { kind: 'json-schema', name: 'weather', schema: parameters, strict: true } },
  ],
  ['fields of another dialect', { ...plainRequest, userId: 'user-1', serviceTier: 'auto', extra: { unheard_of: { a: 1 } } }],
  ['no messages', { ...plainRequest, messages: [] }],
]
