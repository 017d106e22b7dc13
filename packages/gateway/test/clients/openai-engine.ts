/** The scripted model behind OpenAI's dialect, as an engine such as vLLM speaks it. */
import { sendJson, sse, startSse } from '../support/openai-answers.ts'
import type { Answer } from '../support/upstream.ts'
import { failures, play, usage, type Scene, type Turn } from './scripted-model.ts'
import { asList, asObject, asText, pieces, textOf, type Json } from './wire-value.ts'

type Spoken = Extract<Scene, { kind: 'answer' }>

function readTurn(body: Json): Turn {
  const messages = asList(body['messages'])
  const user = messages.filter(({ role }) => role === 'user').at(-1)
  const format = asObject(body['response_format'])
  return {
    text: textOf(user?.['content']),
    results: messages
      .filter(({ role }) => role === 'tool')
      .map((message) => ({ id: asText(message['tool_call_id']), text: textOf(message['content']) })),
    calls: messages.flatMap((message) =>
      asList(message['tool_calls']).map((call) => {
        const called = asObject(call['function'])
        return { id: asText(call['id']), name: asText(called['name']), args: JSON.parse(asText(called['arguments'])) as unknown }
      }),
    ),
    images: asList(user?.['content']).flatMap((part) => {
      const [, mediaType = '', data = ''] = /^data:([^;]+);base64,(.*)$/.exec(asText(asObject(part['image_url'])['url'])) ?? []
      return mediaType === '' ? [] : [{ mediaType, data }]
    }),
    toolNames: asList(body['tools']).map((tool) => asText(asObject(tool['function'])['name'])),
    forced: body['tool_choice'] === 'required' || asObject(body['tool_choice'])['type'] === 'function',
    schema: format['type'] === 'json_schema' ? asObject(asObject(format['json_schema'])['schema']) : undefined,
    // Engines that think take earlier thinking back as text; it has no signatures.
    signatures: messages.flatMap((message) => (message['reasoning_content'] === undefined ? [] : [asText(message['reasoning_content'])])),
  }
}

const head = { id: 'chatcmpl-scripted', created: 1_700_000_000, model: 'upstream-m' }

const usageOf = (scene: Spoken) => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached },
  completion_tokens_details: { reasoning_tokens: scene.thinking === undefined ? 0 : usage.reasoning },
})

const finishOf = ({ filtered, calls }: Spoken): string =>
  filtered === true ? 'content_filter' : calls === undefined ? 'stop' : 'tool_calls'

const callsOf = ({ calls }: Spoken) =>
  calls?.map(({ id, name, args }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }))

function whole(scene: Spoken) {
  const message = {
    role: 'assistant',
    content: scene.text ?? null,
    ...(scene.thinking === undefined ? {} : { reasoning_content: scene.thinking.text }),
    ...(scene.calls === undefined ? {} : { tool_calls: callsOf(scene) }),
  }
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(scene) }],
    usage: usageOf(scene),
  }
}

function* deltas(scene: Spoken): Generator<object> {
  yield { role: 'assistant', content: '' }
  for (const piece of pieces(scene.thinking?.text ?? '')) yield { reasoning_content: piece }
  for (const piece of pieces(scene.text ?? '')) yield { content: piece }
  for (const [index, call] of (callsOf(scene) ?? []).entries()) {
    yield { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] }
    for (const piece of pieces(call.function.arguments)) yield { tool_calls: [{ index, function: { arguments: piece } }] }
  }
}

function* frames(scene: Spoken, includeUsage: boolean): Generator<string> {
  const chunk = { ...head, object: 'chat.completion.chunk' }
  for (const delta of deltas(scene)) yield sse({ ...chunk, choices: [{ index: 0, delta, finish_reason: null }] })
  yield sse({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: finishOf(scene) }] })
  if (includeUsage) yield sse({ ...chunk, choices: [], usage: usageOf(scene) })
  yield sse('[DONE]')
}

/** One vector per input: its length in characters and its place. */
const vectorOf = (input: string, index: number): readonly number[] => [input.length, index + 0.5, -1]

function embeddings(body: Json) {
  const inputs = Array.isArray(body['input']) ? body['input'].map(String) : [asText(body['input'])]
  const data = inputs.map((input, index) => {
    const vector = vectorOf(input, index)
    const base64 = Buffer.from(new Float32Array(vector).buffer).toString('base64')
    return { object: 'embedding', index, embedding: body['encoding_format'] === 'base64' ? base64 : vector }
  })
  return { object: 'list', data, model: 'upstream-m', usage: { prompt_tokens: usage.input, total_tokens: usage.input } }
}

export const openaiEngine: Answer = (res, { path, json }) => {
  if (path === '/v1/embeddings') {
    sendJson(res, 200, embeddings(json))
    return
  }
  const scene = play(readTurn(json))
  if (scene.kind === 'failure') {
    const { status, type, code, headers } = failures[scene.failure]
    sendJson(res, status, { error: { message: `scripted ${scene.failure}`, type, param: null, code } }, headers)
  } else if (json['stream'] === true) {
    startSse(res)
    for (const frame of frames(scene, asObject(json['stream_options'])['include_usage'] === true)) res.write(frame)
    res.end()
  } else sendJson(res, 200, whole(scene))
}
