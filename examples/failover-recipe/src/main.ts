/** Breaks one upstream after the other, and prints who answered and what was tried. */
import { createGateway } from '@bud-foundry/gateway'
import { createEngineTwin } from '@bud-foundry/sim/twin'

async function startEngine() {
  const engine = createEngineTwin({ servedModelNames: ['llama'], timeScale: 0 })
  const { url } = await engine.listen({ port: 0 })
  return { engine, target: { provider: 'vllm', model: 'llama', baseUrl: `${url}/v1` } }
}

const replica1 = await startEngine()
const replica2 = await startEngine()
const cloud = await startEngine()
const small = await startEngine()

await using gateway = createGateway({
  auth: { kind: 'none' },
  models: {
    chat: {
      // The order of preference is explicit here; with 'prefix-aware', for instance, the replicas would share the work.
      policy: 'priority',
      targets: [
        { id: 'replica-1', ...replica1.target, weight: 2 },
        { id: 'replica-2', ...replica2.target, weight: 1 },
        { id: 'cloud', ...cloud.target, tier: 1 },
      ],
      fallbacks: ['small'],
      retry: { attempts: 3, backoffMs: 1 },
    },
    small: { targets: [{ id: 'small', ...small.target }] },
  },
  timeouts: { connectMs: 500 },
})

const finished: string[] = []
using _listener = gateway.onEvent((event) => {
  if (event.kind !== 'request') return
  const attempts = event.attempts.map(({ targetId, outcome }) => `${targetId} ${outcome}`)
  finished.push(`${attempts.join(', ') || 'nothing was tried'} -> ${event.outcome} ${String(event.status)}`)
})

const messages = [{ role: 'user', content: 'What is a KV cache?' }]
async function ask(situation: string): Promise<void> {
  let words = 0
  try {
    // A stream, because that is the hard case: nothing may reach the caller before it is certain that an answer comes.
    for await (const chunk of gateway.streamChat({ model: 'chat', max_tokens: 8, messages }))
      if (chunk.choices[0]?.delta.content) words += 1
  } catch {
    // What the caller saw is in the event.
  }
  console.log(`${situation}: ${finished.splice(0).join('; ')}${words > 0 ? `, ${String(words)} pieces of text` : ''}`)
}

await ask('all is well')
await replica1.engine[Symbol.asyncDispose]()
await ask('replica-1 is down')
await replica2.engine[Symbol.asyncDispose]()
await ask('both replicas are down')
await cloud.engine[Symbol.asyncDispose]()
await ask('the whole model is down')
await small.engine[Symbol.asyncDispose]()
await ask('everything is down')
