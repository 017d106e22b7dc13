/**
 * The one rule of what a try costs, for whole answers and streams, retries, hedges, continuations and callers who leave: what an upstream counted is
 * charged as counted; what the gateway stopped before the count came is charged by the gateway's own count, and marked; what the upstream failed to
 * give is free. docs/gateway/money.md has it as a table.
 */
import type { BudError, TokenUsage } from '@bud-foundry/core'
import { estimateInputTokens, estimateTextTokens } from '../dialect/token-estimate.ts'
import type { CallPlan } from '../dispatch/call-plan.ts'
import { gatewayErrors } from '../errors.ts'
import type { CompiledPrice } from './compiled-price.ts'
import type { TargetPrice } from './price-book.ts'

/** What the rule looks at. */
export interface BilledTry {
  readonly plan: CallPlan
  readonly price: TargetPrice
  /** Whether the request went out at all. */
  readonly sent: boolean
  /** As far as the upstream has told it. */
  readonly usage: TokenUsage | undefined
  /** Whether that is the last word: the answer was whole. */
  readonly complete: boolean
  /** Events with content that a stream has had: at least one token each. */
  readonly contentEvents: number
  /** About the bytes of what they say, as some upstreams put several tokens into one; or of what a whole answer says that nobody has counted. */
  readonly contentTextBytes: number
  /** Of a whole answer. */
  readonly answerBytes: number
  /** Ended by the gateway: the caller left, another try was faster, time was up. */
  readonly stopped: boolean
}

/** What one try is charged. */
export interface Bill {
  readonly usage: TokenUsage
  /** True when the gateway counted and not the upstream. */
  readonly estimated: boolean
  /** Undefined when nobody has said what the target costs. */
  readonly price: CompiledPrice | undefined
  /** Whole nano-dollars; undefined without a price. */
  readonly nanos: number | undefined
}

/** Whether it was the gateway that lost patience. A connection that never stood cost nobody anything. */
export const isOwnTimeout = (error: BudError | undefined): boolean =>
  gatewayErrors.UPSTREAM_TIMEOUT.is(error) ? error.details.phase !== 'connect' : gatewayErrors.REQUEST_TIMEOUT.is(error)

/** A prompt's tokens where nobody has counted them. */
function promptTokens(plan: CallPlan): number {
  try {
    return estimateInputTokens(plan.canonical())
  } catch {
    // A body that this dialect cannot read went through as bytes.
    return plan.inputTokensEstimate
  }
}

/** An answer's tokens where nobody has counted them. */
const answerTokens = ({ plan, contentEvents, contentTextBytes, answerBytes }: BilledTry): number =>
  plan.operation === 'embedding' ? 0 : Math.max(contentEvents, estimateTextTokens(contentTextBytes > 0 ? contentTextBytes : answerBytes))

function estimate(tried: BilledTry): TokenUsage {
  const { plan, usage } = tried
  const written = answerTokens(tried)
  const told = usage?.outputTokens ?? 0
  if (usage !== undefined && usage.inputTokens > 0) return { ...usage, outputTokens: Math.max(usage.outputTokens, written) }
  return {
    inputTokens: promptTokens(plan),
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    // What was told of the answer holds where it is the last word.
    outputTokens: tried.complete && told > 0 ? told : Math.max(told, written),
    reasoningTokens: 0,
  }
}

/** No prompt is without tokens, and no content either. */
const isPlausible = (usage: TokenUsage, { contentTextBytes }: BilledTry): boolean =>
  usage.inputTokens > 0 && (usage.outputTokens > 0 || contentTextBytes === 0)

/** Reads the request's own field only where a price depends on it. */
export function askedTier({ head }: Pick<CallPlan, 'head'>): string | undefined {
  const raw = head.raw('service_tier')
  if (raw?.[0] !== 0x22) return undefined
  return Buffer.from(raw.buffer, raw.byteOffset + 1, raw.byteLength - 2).toString()
}

/** The bill of an ended try; undefined when the provider bills nothing. */
export function billOf(tried: BilledTry, unixMs: number): Bill | undefined {
  const { plan, usage } = tried
  // Counting tokens is free everywhere.
  if (!tried.sent || plan.operation === 'count-tokens') return undefined
  const counted = usage !== undefined && tried.complete && isPlausible(usage, tried)
  const began = usage !== undefined || tried.contentEvents > 0 || tried.answerBytes > 0
  if (!tried.complete && !tried.stopped && !began) return undefined
  const billed = counted ? usage : estimate(tried)
  const price = tried.price.at(unixMs)
  const serviceTier = price?.hasTiers === true ? (billed.serviceTier ?? askedTier(plan)) : undefined
  return { usage: billed, estimated: !counted, price, nanos: price?.costNanos(billed, { unixMs, serviceTier }) }
}

/** What a request costs: the sum over its tries. */
export class RequestBill {
  /** Undefined while nothing was billed, and for good once a price is missing. */
  nanos: number | undefined
  estimated = false
  #isUnknown = false

  add(bill: Bill | undefined): void {
    if (bill === undefined) return
    this.estimated ||= bill.estimated
    this.#isUnknown ||= bill.nanos === undefined
    this.nanos = this.#isUnknown ? undefined : (this.nanos ?? 0) + (bill.nanos ?? 0)
  }
}
