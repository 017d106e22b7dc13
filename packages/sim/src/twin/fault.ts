/** Faults that the twin can be told to have: for one request by header, or for a share of all by chance. */
import type { Random } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'

export type Fault =
  /** Tokens come `factor` times later. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** Nothing comes any more after so many tokens, but the connection stays open. */
  | { readonly kind: 'stall'; readonly afterTokens: number }
  /** The connection is reset after so many tokens; 0 is before the answer starts. */
  | { readonly kind: 'reset'; readonly afterTokens: number }
  /** An error status instead of an answer. */
  | { readonly kind: 'status'; readonly status: number }

/** Shares of requests, 0 to 1, that suffer each kind of fault. */
export interface FaultRates {
  readonly slow?: number | undefined
  readonly stall?: number | undefined
  readonly reset?: number | undefined
  readonly '5xx'?: number | undefined
}

const kinds = ['slow', 'stall', 'reset', '5xx'] as const
const invalid = (path: string, message: string, fix: string) =>
  simErrors.REQUEST_INVALID({ what: 'the faults', issues: [{ path, message, fix }] })

/** Reads `slow=0.1,reset=0.01,5xx=0.02`. @throws SIM_REQUEST_INVALID. */
export function parseFaultRates(text: string): FaultRates {
  const rates: Partial<Record<(typeof kinds)[number], number>> = {}
  for (const part of text.split(',').filter((item) => item.trim() !== '')) {
    const [name, value] = part.split('=').map((item) => item.trim())
    const kind = kinds.find((candidate) => candidate === name)
    const rate = Number(value)
    if (kind === undefined) throw invalid(name ?? '', 'is no kind of fault', `use ${kinds.join(', ')}`)
    if (value === undefined || value === '' || !(rate >= 0 && rate <= 1))
      throw invalid(kind, `'${value ?? ''}' is not a share of requests`, 'use a number from 0 to 1')
    rates[kind] = rate
  }
  return rates
}

/** Reads the header `x-bud-sim-fault`: `slow`, `slow:8`, `stall`, `stall:3`, `reset:3`, `503`. @throws SIM_REQUEST_INVALID. */
export function parseFaultHeader(text: string): Fault {
  const [name = '', argument] = text.trim().split(':')
  const number = argument === undefined ? undefined : Number(argument)
  if (number !== undefined && !(number >= 0 && Number.isFinite(number)))
    throw invalid('x-bud-sim-fault', `'${text}' has no valid number`, 'write e.g. stall:3')
  if (name === 'slow') return { kind: 'slow', factor: number ?? 5 }
  if (name === 'stall' || name === 'reset') return { kind: name, afterTokens: number ?? 0 }
  if (name === '5xx') return { kind: 'status', status: 503 }
  if (/^[45]\d\d$/.test(name)) return { kind: 'status', status: Number(name) }
  throw invalid('x-bud-sim-fault', `'${text}' is no fault`, 'use slow, stall, reset, 5xx or a status such as 503')
}

/** Draws at most one fault; one random number is used whatever happens, so that a seed repeats exactly. */
export function drawFault(rates: FaultRates, random: Random): Fault | undefined {
  let left = random.next()
  for (const kind of kinds) {
    const rate = rates[kind] ?? 0
    if (left < rate) {
      const share = left / rate
      const afterTokens = Math.floor(share * 20)
      switch (kind) {
        case 'slow':
          return { kind, factor: 3 + share * 7 }
        case 'stall':
        case 'reset':
          return { kind, afterTokens }
        case '5xx':
          return { kind: 'status', status: share < 0.5 ? 500 : 503 }
      }
    }
    left -= rate
  }
  return undefined
}
