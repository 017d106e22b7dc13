/** Asks the in-house host through a gateway that was given the provider. */
import { createGateway } from '@bud-foundry/gateway'
import { startScriptedHost } from './scripted-host.ts'
import { signedProvider } from './signed-provider.ts'

await using host = await startScriptedHost('shared secret')
const target = (credential: string) => ({ provider: 'in-house', baseUrl: host.url, model: 'house-1', credential })
await using gateway = createGateway(
  { auth: { kind: 'none' }, models: { house: { targets: [target('shared secret')] }, misconfigured: { targets: [target('wrong')] } } },
  { providers: [signedProvider] },
)

const messages = [{ role: 'user', content: 'Hello' }]
const answer = await gateway.chat({ model: 'house', messages })
console.log(answer.choices[0]?.message.content, answer.usage)

// Callers of the other dialect are served too: the provider takes over its family's codecs.
const response = await gateway.fetch('http://gateway/v1/messages', {
  method: 'POST',
  body: JSON.stringify({ model: 'house', max_tokens: 100, messages }),
})
console.log(await response.text())

// A refused credential is the gateway's trouble, not the caller's: 502, not 401.
const refused = await gateway.chat({ model: 'misconfigured', messages }).catch((error: unknown) => error)
console.log(String(refused))
