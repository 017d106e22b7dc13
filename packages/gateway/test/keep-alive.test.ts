/** A program that does nothing but wait for an answer stays alive until it has it. */
import { expect, it } from 'vitest'
import { runSnippet } from './support/snippet.ts'
import { refusedBaseUrl } from './support/upstream.ts'

it('gives a program its answer although only a pause between two tries is left', { timeout: 30_000 }, async () => {
  const baseUrl = await refusedBaseUrl()
  const output = await runSnippet(`
    import { createGateway } from '@bud-foundry/gateway'
    const gateway = createGateway({
      auth: { kind: 'none' },
      models: { m: { targets: [{ provider: 'vllm', baseUrl: '${baseUrl}' }], retry: { attempts: 3, backoffMs: 20 } } },
    })
    const answer = await gateway.chat({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }).catch((error: unknown) => error)
    console.log(String(answer))`)
  expect(output).toContain('the gateway answered 50')
})
