import { createMemoryStore } from '@bud-foundry/core'
import { createGateway } from '@bud-foundry/gateway'
import { createEngineTwin } from '@bud-foundry/sim/twin'

await using engine = createEngineTwin({ servedModelNames: ['llama'], timeScale: 0 })
const { url } = await engine.listen({ port: 0 })
await using gateway = createGateway(
  {
    auth: { kind: 'none' },
    models: {
      chat: {
        targets: [{ provider: 'vllm', baseUrl: `${url}/v1`, model: 'llama' }],
        price: {
          inputUsdPerMillionTokens: 0.5,
          outputUsdPerMillionTokens: 2,
          serviceTiers: { flex: { multiplier: 0.5 } },
          hours: [{ fromUtc: '16:30', untilUtc: '00:30', price: { multiplier: 0.25 } }],
        },
      },
    },
  },
  { store: createMemoryStore() },
)
await gateway.ready
// An administrator's price goes before the configuration's, here and in every other process of the same store.
await gateway.prices.put('chat', {
  subject: { model: 'chat' },
  price: { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 10 },
  validFrom: '2026-01-01',
  source: { url: 'https://example.com/contract', readOn: '2026-01-01' },
})
const told = new Promise<void>((resolve) => {
  gateway.onEvent((event) => {
    if (event.kind !== 'request') return
    const expected = event.inputTokens * 1_000 + event.outputTokens * 10_000
    console.log(Math.round((event.costUsd ?? 0) * 1e9) === expected, event.priceVersion?.split(':')[0], event.costEstimated)
    resolve()
  })
})
await gateway.chat({ model: 'chat', max_tokens: 5, messages: [{ role: 'user', content: 'What do you cost?' }] })
await told
