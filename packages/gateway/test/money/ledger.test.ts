/** What 10,000 random requests cost is what the provider's own books say, to the billionth of a dollar. */
import { createMemoryStore, createSeededRandom, type RequestEvent, type UpstreamRequest } from '@bud-foundry/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBudgets, createGateway, createSpendLedger, toNanos, type Budgets, type Gateway, type SpendLedger } from '../../src/index.ts'
import { BillingUpstream, type Fate, type LedgerLine } from './billing-upstream.ts'

const requests = 10_000
const concurrency = 64
const seed = 20_261_123

/** Whole pico-dollars per token, as a provider's contract would state them: written down here again, by hand. */
interface Contract {
  readonly input: bigint
  readonly cached: bigint
  readonly write5m: bigint
  readonly write1h: bigint
  readonly output: bigint
  readonly reasoning: bigint
}
const contracts: Record<string, Contract> = {
  'alpha.test': { input: 150_000n, cached: 75_000n, write5m: 150_000n, write1h: 150_000n, output: 600_000n, reasoning: 700_000n },
  'alpha.test above 2000': {
    input: 300_000n,
    cached: 150_000n,
    write5m: 300_000n,
    write1h: 300_000n,
    output: 600_000n,
    reasoning: 600_000n,
  },
  'alpha.test flex': { input: 75_000n, cached: 37_500n, write5m: 75_000n, write1h: 75_000n, output: 300_000n, reasoning: 350_000n },
  'alpha.test flex above 2000': {
    input: 150_000n,
    cached: 75_000n,
    write5m: 150_000n,
    write1h: 150_000n,
    output: 300_000n,
    reasoning: 300_000n,
  },
  'beta.test': { input: 37_501n, cached: 37_501n, write5m: 37_501n, write1h: 37_501n, output: 300_003n, reasoning: 300_003n },
  'claude.test': {
    input: 3_000_000n,
    cached: 300_000n,
    write5m: 3_750_000n,
    write1h: 6_000_000n,
    output: 15_000_000n,
    reasoning: 15_000_000n,
  },
}

function invoice(line: LedgerLine): bigint {
  const tier = line.host === 'alpha.test' && line.tier === 'flex' ? ' flex' : ''
  const step = line.host === 'alpha.test' && line.input > 2_000 ? ' above 2000' : ''
  const contract = contracts[`${line.host}${tier}${step}`]
  if (contract === undefined) throw new Error(`no contract for ${line.host}`)
  const plain = line.input - line.cached - line.write5m - line.write1h
  const picos =
    BigInt(plain) * contract.input +
    BigInt(line.cached) * contract.cached +
    BigInt(line.write5m) * contract.write5m +
    BigInt(line.write1h) * contract.write1h +
    BigInt(line.output - line.reasoning) * contract.output +
    BigInt(line.reasoning) * contract.reasoning
  // Each line of the invoice is rounded to whole nano-dollars, halves up.
  return (picos + 500n) / 1_000n
}

const alpha = {
  id: 'alpha',
  provider: 'openai-compatible',
  baseUrl: 'http://alpha.test/v1',
  price: {
    inputUsdPerMillionTokens: 0.15,
    cachedInputUsdPerMillionTokens: 0.075,
    outputUsdPerMillionTokens: 0.6,
    reasoningUsdPerMillionTokens: 0.7,
    longPrompts: [
      {
        aboveInputTokens: 2_000,
        rates: { inputUsdPerMillionTokens: 0.3, cachedInputUsdPerMillionTokens: 0.15, outputUsdPerMillionTokens: 0.6 },
      },
    ],
    serviceTiers: { flex: { multiplier: 0.5 } },
  },
}
const beta = {
  id: 'beta',
  provider: 'vllm',
  baseUrl: 'http://beta.test/v1',
  price: { inputUsdPerMillionTokens: 0.037501, outputUsdPerMillionTokens: 0.300003 },
}
const claude = {
  id: 'claude',
  provider: 'anthropic',
  baseUrl: 'http://claude.test',
  price: {
    inputUsdPerMillionTokens: 3,
    cachedInputUsdPerMillionTokens: 0.3,
    cacheWriteInputUsdPerMillionTokens: 3.75,
    cacheWrite1hInputUsdPerMillionTokens: 6,
    outputUsdPerMillionTokens: 15,
  },
}
const as = (target: typeof alpha | typeof beta | typeof claude, model: string) => ({ ...target, id: `${target.id}-${model}` })

const random = createSeededRandom(seed)
const chance = (share: number) => random.next() < share
/** Requests of which one try is never answered: another one has to win. */
const silent = new Set<string>()
const seen = new Set<string>()

/** The caller's plan is written into the prompt, so that the provider plays along: it stalls where the caller is going to leave. */
function fateOf(_request: UpstreamRequest, body: Record<string, unknown>): Fate {
  const text = JSON.stringify(body['messages'])
  const streaming = body['stream'] === true
  if (text.includes('[leave]')) return streaming ? 'stall-after' : 'silent'
  const number = /#(\d+)#/.exec(text)?.[1] ?? ''
  const isFirst = !seen.has(number)
  seen.add(number)
  if (text.includes('[hedge]') && isFirst && chance(0.3)) {
    silent.add(number)
    return 'silent'
  }
  // Nobody would wait for a second silence to end.
  if (silent.has(number)) return streaming ? 'stream' : 'whole'
  const dice = random.next()
  if (dice < 0.08) return 'refuse'
  if (dice < 0.11) return 'unreachable'
  if (dice < 0.13) return 'connect-timeout'
  if (dice < 0.15) return 'headers-timeout'
  if (!streaming) return 'whole'
  if (dice < 0.19) return 'break-before'
  if (dice < 0.27) return 'break-after'
  return 'stream'
}

describe('10,000 requests', () => {
  const events: RequestEvent[] = []
  let upstream: BillingUpstream
  let gateway: Gateway
  let spend: SpendLedger
  let budgets: Budgets
  let sent = 0

  beforeAll(async () => {
    upstream = new BillingUpstream(random, fateOf)
    const store = createMemoryStore()
    spend = createSpendLedger({ store })
    budgets = createBudgets({ store })
    await budgets.put({ id: 'everything', subject: { kind: 'all' }, limitUsd: 1_000_000, window: { calendar: 'month' } })
    gateway = createGateway(
      {
        auth: { kind: 'none' },
        models: {
          failover: { targets: [as(alpha, 'f'), as(beta, 'f'), as(claude, 'f')] },
          joined: { targets: [as(alpha, 'j'), as(beta, 'j')], stream: { onFailure: 'continue' } },
          // The second try starts at once, so that a silent first one loses.
          hedged: { targets: [as(alpha, 'h'), as(beta, 'h'), as(claude, 'h')], hedge: { after: 1, maximum: 2 } },
        },
        retry: { attempts: 3, backoffMs: 1, budgetRatio: 10 },
        breaker: { failures: 1_000_000 },
        ejection: { errorRate: 1 },
      },
      {
        transport: upstream,
        store,
        stages: [
          {
            id: 'remembered',
            onCall: (call) => {
              const [part] = call.canonical().messages[0]?.parts ?? []
              if (part?.kind !== 'text' || !part.text.includes('[cached]')) return undefined
              const body = Buffer.from('{"choices":[]}')
              const usage = { inputTokens: 50, cachedInputTokens: 0, cacheWriteInputTokens: 0, outputTokens: 5, reasoningTokens: 0 }
              return {
                kind: 'answer',
                answer: { status: 200, headers: { 'content-type': 'application/json' }, body, usage, savedUsd: 0.000001 },
              }
            },
          },
        ],
      },
    )
    gateway.onEvent(spend.onEvent)
    gateway.onEvent(budgets.onEvent)
    gateway.onEvent((event) => {
      if (event.kind === 'request') events.push(event)
    })
    await gateway.ready
    const callers = Array.from({ length: concurrency }, async () => {
      while (sent < requests) {
        sent += 1
        await callOnce(sent)
      }
    })
    await Promise.all(callers)
    // Losing tries end a moment after the answers that beat them.
    while (events.length < requests || upstream.open > 0) await new Promise((resolve) => setImmediate(resolve))
  }, 120_000)

  afterAll(async () => {
    await gateway.close({ graceMs: 0 })
    await Promise.all([spend[Symbol.asyncDispose](), budgets[Symbol.asyncDispose]()])
  })

  async function callOnce(number: number): Promise<void> {
    const model = ['failover', 'joined', 'hedged'][Math.floor(random.next() * 3)] ?? 'failover'
    const leaves = model === 'failover' && chance(0.15)
    const mark = chance(0.03) ? '[cached]' : leaves ? '[leave]' : model === 'hedged' ? '[hedge]' : ''
    const stream = mark !== '[cached]' && chance(0.6)
    const content = `${mark} #${String(number)}# ${'word '.repeat(Math.floor(random.next() * 60))}`
    const tier = chance(0.2) && model === 'joined' ? { service_tier: 'flex' } : {}
    const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content }], ...tier })
    const leave = new AbortController()
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: leave.signal }
    if (leaves && !stream)
      setTimeout(() => {
        leave.abort()
      }, 2)
    try {
      const response = await gateway.fetch('http://gateway/v1/chat/completions', init)
      if (!leaves || !stream || response.body === null) await response.text()
      else await leaveAfterTwoWords(response.body)
    } catch (error) {
      // Leaving rejects the call of whoever leaves.
      if (!leave.signal.aborted) throw error
    }
  }

  async function leaveAfterTwoWords(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader()
    let text = ''
    while (text.split('"ab "').length < 3) {
      const { value, done } = await reader.read()
      if (done) return
      text += Buffer.from(value).toString()
    }
    await reader.cancel()
  }

  it('has met every fate, so that the sums below mean something', () => {
    const fates: Fate[] = [
      'refuse',
      'unreachable',
      'connect-timeout',
      'headers-timeout',
      'whole',
      'stream',
      'break-before',
      'break-after',
      'stall-after',
      'silent',
    ]
    for (const fate of fates) expect(upstream.fates.get(fate), fate).toBeGreaterThan(50)
    expect(events).toHaveLength(requests)
    expect(new Set(events.map(({ outcome }) => outcome))).toEqual(new Set(['success', 'error', 'partial', 'aborted']))
    expect(
      events.filter(({ attempts }) => attempts.filter(({ inputTokens }) => inputTokens !== undefined).length > 1).length,
    ).toBeGreaterThan(500)
    expect(events.filter(({ savedUsd }) => savedUsd !== undefined).length).toBeGreaterThan(100)
  })

  it('costs exactly what the provider bills', () => {
    const billed = upstream.ledger.reduce((sum, line) => sum + invoice(line), 0n)
    const charged = events.reduce((sum, event) => sum + BigInt(toNanos(event.costUsd ?? 0)), 0n)
    expect(charged).toBe(billed)
    expect(billed).toBeGreaterThan(0n)
  })

  it('has as many billed tries as the provider has lines, each with its cost', () => {
    const tries = events.flatMap(({ attempts }) => attempts).filter(({ inputTokens }) => inputTokens !== undefined)
    expect(tries).toHaveLength(upstream.ledger.length)
    const sorted = (values: readonly bigint[]) => values.map(String).sort()
    expect(sorted(tries.map(({ costUsd }) => BigInt(toNanos(costUsd ?? 0))))).toEqual(sorted(upstream.ledger.map(invoice)))
  })

  it('marks what the gateway counted, and nothing else', () => {
    for (const { attempts, costEstimated, costUsd } of events) {
      if (costUsd === undefined) continue
      expect(costEstimated).toBe(attempts.some((attempt) => attempt.costEstimated === true))
    }
    const whole = events.filter(({ outcome, attempts }) => outcome === 'success' && attempts.length === 1)
    expect(whole.every(({ costEstimated }) => costEstimated === false)).toBe(true)
  })

  it('is explained by the ledger of spend, and counted by the budget, to the same cent', async () => {
    const billed = upstream.ledger.reduce((sum, line) => sum + invoice(line), 0n)
    const today = new Date().toISOString().slice(0, 10)
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const { totalUsd, lines } = await spend.report({ from: yesterday, to: today, by: ['target', 'price'] })
    expect(BigInt(Math.round(Number(totalUsd) * 1e9))).toBe(billed)
    expect(lines.every(({ group }) => group.target === '' || /^config:[0-9a-f]{12}$/.test(group.price ?? ''))).toBe(true)
    const state = await budgets.state('everything')
    expect(toNanos(state?.spentUsd ?? 0)).toBe(Number(billed))
  })
})
