/** Chat with a model, and several side by side. */
import { createBudClient, createChatSession, type ChatMessage } from '../src/index.ts'
import { Chat, ChatView, Markdown } from '../src/entry/chat.ts'
import { Playground } from '../src/entry/playground.ts'
import { failed, loaded } from './support/states.ts'

export default { title: 'Gateway/Chat' }

const models = {
  object: 'list',
  data: [
    { id: 'llama-3.1-8b', owned_by: 'bud' },
    { id: 'qwen3-32b', owned_by: 'bud' },
  ],
}
const suggestions = ['Explain prefill and decode', 'Write a haiku about a GPU']

export const Empty = { ...loaded({ models }), render: () => <Chat suggestions={suggestions} /> }
export const NoServer = { ...failed, render: () => <Chat suggestions={suggestions} /> }
export const Text = () => (
  <Markdown
    text={
      '**Prefill** reads the prompt at once; `decode` writes one token at a time.\n\n1. compute-bound\n2. bandwidth-bound\n\n```python\nlogits = model(batch)\n```\n\n| phase | bound by |\n| --- | --- |\n| prefill | FLOP/s |\n'
    }
  />
)
export const Compare = { ...loaded({ models }), render: () => <Playground models={['llama-3.1-8b', 'qwen3-32b']} /> }

const message = (change: Partial<ChatMessage> & Pick<ChatMessage, 'id' | 'role'>): ChatMessage => ({
  content: '',
  reasoning: '',
  images: [],
  toolCalls: [],
  toolCallId: undefined,
  model: 'qwen3-32b',
  status: 'done',
  error: undefined,
  timing: undefined,
  finishReason: undefined,
  ...change,
})
/** A few bars. */
const picture = {
  name: 'chart.png',
  dataUrl:
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAHgAAAA8CAIAAAAiz+n/AAAAkklEQVR42u3VqxEAIAxEQapDUz1lIKiAFlAJn505+0TWpIwxLWAFAWjQBho0aAqgQRvowLXa9wcaNGgDDRo0L9Cgbz4YNGjQoEGDBg06BTqsBQ0aNOhk6CueEmjQoEGDBg36c+jnW9CgQYMGDRo0aNBPQ8MCDVoLGjRoWKBBa0GDBg0LNGgtaNCgYYEGrQV9SLsAyy3heMxPFTMAAAAASUVORK5CYII=',
}
const conversation = [
  message({ id: '1', role: 'user', content: 'What does this chart say about Berlin?', images: [picture] }),
  message({ id: '2', role: 'assistant', toolCalls: [{ id: 'c1', name: 'get_weather', arguments: '{"city":"Berlin"}' }] }),
  message({ id: '3', role: 'tool', toolCallId: 'c1', content: '12 °C, rain' }),
  message({ id: '4', role: 'assistant', content: 'It is **12 °C** and raining in Berlin.' }),
]
const session = createChatSession(createBudClient())
export const ToolsAndPicture = {
  ...loaded({ models }),
  render: () => <ChatView chat={{ messages: conversation, isBusy: false, session }} />,
}
