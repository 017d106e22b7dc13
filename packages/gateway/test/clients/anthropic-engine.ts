/** The scripted model behind Anthropic's dialect. */
import { sendJson, startSse } from '../support/openai-answers.ts'
import type { Answer } from '../support/upstream.ts'
import { failures, play, usage, type Scene, type Turn } from './scripted-model.ts'
import { asList, asObject, asText, pieces, textOf, type Json } from './wire-value.ts'

type Spoken = Extract<Scene, { kind: 'answer' }>

function readTurn(body: Json): Turn {
  const messages = asList(body['messages'])
  const blocks = messages.flatMap((message) => asList(message['content']))
  const format = asObject(asObject(body['output_config'])['format'])
  const spoken = messages.filter(({ role, content }) => role === 'user' && textOf(content) !== '').at(-1)
  return {
    text: textOf(spoken?.['content']),
    results: blocks
      .filter(({ type }) => type === 'tool_result')
      .map((block) => ({ id: asText(block['tool_use_id']), text: textOf(block['content']) })),
    calls: blocks
      .filter(({ type }) => type === 'tool_use')
      .map((block) => ({ id: asText(block['id']), name: asText(block['name']), args: block['input'] })),
    images: blocks
      .filter(({ type }) => type === 'image')
      .map((block) => asObject(block['source']))
      .map((source) => ({ mediaType: asText(source['media_type']), data: asText(source['data']) })),
    toolNames: asList(body['tools']).map((tool) => asText(tool['name'])),
    forced: ['any', 'tool'].includes(asText(asObject(body['tool_choice'])['type'])),
    schema: format['type'] === 'json_schema' ? asObject(format['schema']) : undefined,
    signatures: blocks.filter(({ type }) => type === 'thinking').map((block) => asText(block['signature'])),
  }
}

const usageOf = (scene: Spoken) => ({
  input_tokens: usage.input - usage.cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage.cached,
  output_tokens: usage.output,
  output_tokens_details: { thinking_tokens: scene.thinking === undefined ? 0 : usage.reasoning },
})

const stopReasonOf = ({ filtered, calls }: Spoken): string =>
  filtered === true ? 'refusal' : calls === undefined ? 'end_turn' : 'tool_use'

function blocksOf(scene: Spoken): readonly Json[] {
  return [
    ...(scene.thinking === undefined ? [] : [{ type: 'thinking', thinking: scene.thinking.text, signature: scene.thinking.signature }]),
    ...(scene.text === undefined ? [] : [{ type: 'text', text: scene.text }]),
    ...(scene.calls ?? []).map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
  ]
}

const messageOf = (scene: Spoken): Json => ({
  id: 'msg_scripted',
  type: 'message',
  role: 'assistant',
  model: 'claude-scripted',
  content: blocksOf(scene),
  stop_reason: stopReasonOf(scene),
  stop_sequence: null,
  usage: usageOf(scene),
})

/** A block as it begins, and its pieces. */
function opened(block: Json): { readonly start: Json; readonly deltas: readonly Json[] } {
  switch (block['type']) {
    case 'thinking':
      return {
        start: { type: 'thinking', thinking: '', signature: '' },
        deltas: [
          ...pieces(asText(block['thinking'])).map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: block['signature'] },
        ],
      }
    case 'tool_use':
      return {
        start: { ...block, input: {} },
        deltas: pieces(JSON.stringify(block['input'])).map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
      }
    default:
      return { start: { type: 'text', text: '' }, deltas: pieces(asText(block['text'])).map((text) => ({ type: 'text_delta', text })) }
  }
}

function* events(scene: Spoken): Generator<Json & { readonly type: string }> {
  const { output_tokens: outputTokens, output_tokens_details: details, ...input } = usageOf(scene)
  yield { type: 'message_start', message: { ...messageOf(scene), content: [], stop_reason: null, usage: { ...input, output_tokens: 1 } } }
  yield { type: 'ping' }
  for (const [index, block] of blocksOf(scene).entries()) {
    const { start, deltas } = opened(block)
    yield { type: 'content_block_start', index, content_block: start }
    for (const delta of deltas) yield { type: 'content_block_delta', index, delta }
    yield { type: 'content_block_stop', index }
  }
  yield {
    type: 'message_delta',
    delta: { stop_reason: stopReasonOf(scene), stop_sequence: null },
    usage: { output_tokens: outputTokens, output_tokens_details: details },
  }
  yield { type: 'message_stop' }
}

export const anthropicEngine: Answer = (res, { path, json }) => {
  if (path === '/v1/messages/count_tokens') {
    sendJson(res, 200, { input_tokens: 1234 })
    return
  }
  const scene = play(readTurn(json))
  if (scene.kind === 'failure') {
    const { status, type, headers } = failures[scene.failure]
    sendJson(res, status, { type: 'error', error: { type, message: `scripted ${scene.failure}` } }, headers)
  } else if (json['stream'] === true) {
    startSse(res)
    for (const event of events(scene)) res.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    res.end()
  } else sendJson(res, 200, messageOf(scene))
}
