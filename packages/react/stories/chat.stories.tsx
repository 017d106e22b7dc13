/** Chat with a model, and several side by side. */
import { Chat, Markdown } from '../src/entry/chat.ts'
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
