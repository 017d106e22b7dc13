/** docs/gateway/faults.md is what the gateway does: each row is measured here, and the page must equal them (`vitest -u` writes it). */
import type { RequestEvent } from '@bud-foundry/core'
import { format, resolveConfig } from 'prettier'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { faultsAfterContent, faultsBeforeContent, timeoutsFor } from './support/faults.ts'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { refuse, wellBehaved } from './support/openai-answers.ts'
import { startUpstream, type Answer } from './support/upstream.ts'

const page = fileURLToPath(new URL('../../../docs/gateway/faults.md', import.meta.url))

/** Refusals of the request itself: they would be the same everywhere. */
const answersOfTheirOwn: Record<string, Answer> = {
  'refuses the request (400)': refuse(400, { message: 'no such parameter', type: 'invalid_request_error', code: 'invalid_value' }),
  'refuses by its content filter (400)': refuse(400, { message: 'filtered', type: 'invalid_request_error', code: 'content_filter' }),
}

async function measure(name: string, first: Answer, other?: Answer, onFailure: 'error' | 'continue' = 'error') {
  await using a = await startUpstream(first)
  await using b = await startUpstream(other ?? first)
  const { models } = other === undefined ? oneModel(a.baseUrl) : oneModel(a.baseUrl, b.baseUrl)
  await using test = await startGateway({
    models: { m: { ...models['m'], stream: { onFailure } } },
    timeouts: timeoutsFor(name),
    retry: { attempts: other === undefined ? 1 : 2, backoffMs: 5 },
  })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  const text = await response.text()
  const lastEvent = text.trimEnd().split('\n\n').at(-1) ?? ''
  const [event] = await test.sink.waitFor(1)
  if (event === undefined) expect.fail('no event')
  const code = /"code":"([^"]+)"/.exec(lastEvent)?.[1]
  return {
    status: String(response.status),
    end: code === undefined ? '`[DONE]`' : `error \`${code}\``,
    retryAfter: response.headers.has('retry-after') ? 'yes' : 'no',
    failover: event.attempts.length > 1 ? `to the next target` : 'no',
    charge: chargeOf(event),
    joint: text.includes('"bud_continuation":{"part":2') ? 'yes' : 'no',
    outcome: event.outcome,
  }
}

/** What the tries were charged for, as docs/gateway/money.md has the rule. */
function chargeOf({ attempts }: RequestEvent): string {
  const charged = attempts.filter(({ inputTokens }) => inputTokens !== undefined)
  const parts = charged.map(({ targetId, outputTokens, costEstimated }) => {
    const what = outputTokens === 0 ? 'prompt' : 'tokens'
    return `the ${targetId === 'b' ? 'second' : 'first'} target's ${what}${costEstimated === true ? ', estimated' : ''}`
  })
  return parts.length === 0 ? 'nothing' : parts.join('; ')
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const rescued = wellBehaved('rescued')

async function render(): Promise<string> {
  const before = []
  for (const [name, answer] of Object.entries({ ...faultsBeforeContent, ...answersOfTheirOwn })) {
    const two = await measure(name, answer, rescued)
    const alone = await measure(name, answer)
    before.push([
      `the upstream ${name}`,
      two.failover,
      two.status,
      two.end,
      two.charge,
      alone.status,
      alone.end,
      alone.retryAfter,
      alone.charge,
    ])
  }
  const after = []
  for (const [name, answer] of Object.entries(faultsAfterContent)) {
    const { failover, status, end, charge, outcome } = await measure(name, answer, rescued)
    after.push([`the upstream ${name}`, failover, status, end, charge, `\`${outcome}\``])
  }
  const carriedOn = []
  for (const [name, answer] of Object.entries(faultsAfterContent)) {
    const two = await measure(name, answer, rescued, 'continue')
    const alone = await measure(name, answer, undefined, 'continue')
    carriedOn.push([
      `the upstream ${name}`,
      two.failover,
      two.status,
      two.end,
      two.joint,
      two.charge,
      `\`${two.outcome}\``,
      alone.end,
      alone.charge,
    ])
  }
  const options = (await resolveConfig(page)) ?? {}
  return format(
    `<!-- Measured by packages/gateway/test/fault-table.test.ts; edits here are lost. -->

# What a caller sees of a failing upstream

A streamed chat completion in OpenAI's dialect, a target that fails, and where it says so a second one that is well. Callers in Anthropic's dialect see the
same in its words (packages/gateway/test/fault-matrix.test.ts): an \`error\` event instead of \`message_stop\`. Nothing reaches a caller before the first content.

## Before the first content

${table(
  [
    'fault',
    'failover',
    'status',
    'final event',
    'charge',
    'status without another target',
    'final event or error',
    '`Retry-After`',
    'charge then',
  ],
  before,
)}

## After it

The status has been sent, so the error is the last event, and the closing event of a whole answer never comes.

${table(['fault', 'failover', 'status', 'final event', 'charge', 'outcome of the event'], after)}

## After it, with \`stream.onFailure: 'continue'\`

Another target carries the answer on. The joint is an extension field, \`bud_continuation\`, on the first event of the second part; it says by which means (\`prefill\`,
\`ask\`, \`restart\`) and at which character. An answer that the upstream had already called finished, one that holds a tool call, and one that must follow a schema are not
carried on: they end as in the table above.

${table(
  [
    'fault',
    'failover',
    'status',
    'final event',
    'joint marked',
    'charge',
    'outcome of the event',
    'final event without another target',
    'charge then',
  ],
  carriedOn,
)}
`,
    { ...options, parser: 'markdown' },
  )
}

it('equals the page', { timeout: 60_000 }, async () => {
  await expect(await render()).toMatchFileSnapshot(page)
})
