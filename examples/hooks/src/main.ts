/** Sends a request of two teams, and one of nobody, through a gateway with the hooks. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { createGateway } from '@bud-foundry/gateway'
import { hooks, tokensByTeam } from './my-hooks.ts'

/** Stands for an engine: tells which machine it is, and how many messages it was sent. */
async function startEngine(name: string) {
  const server = createServer((req, res) => {
    const answer = async () => {
      const { messages } = (await json(req)) as { readonly messages: readonly object[] }
      const message = { role: 'assistant', content: `${name} got ${String(messages.length)} messages` }
      const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
      const body = { object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }
      res.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    }
    answer().catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return { baseUrl: `http://127.0.0.1:${String(port)}/v1`, [Symbol.dispose]: () => server.close() }
}

using fast = await startEngine('fast')
using cheap = await startEngine('cheap')

await using gateway = createGateway(
  {
    auth: { kind: 'none' },
    models: {
      chat: {
        policy: 'priority',
        targets: [
          { id: 'fast', provider: 'vllm', baseUrl: fast.baseUrl, weight: 2 },
          { id: 'cheap', provider: 'vllm', baseUrl: cheap.baseUrl, weight: 1 },
        ],
      },
    },
  },
  { hooks },
)
const ask = (headers: Record<string, string>) =>
  gateway.chat({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }, { headers }).then(
    (answer) => answer.choices[0]?.message.content,
    () => 'refused',
  )
const answers = [await ask({ 'x-team': 'search' }), await ask({ 'x-team': 'nightly' }), await ask({})]
console.log(JSON.stringify({ answers, tokens: Object.fromEntries(tokensByTeam) }))
