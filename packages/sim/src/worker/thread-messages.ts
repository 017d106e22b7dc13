/** What an optimizer worker and its thread tell each other. */
import { BudError, isBudError, type BudErrorInit } from '@bud-foundry/core'
import type { OptimizeRequest } from '../optimize/optimize-request.ts'
import type { OptimizeResult } from '../optimize/optimizer.ts'
import type { OptimizeProgress } from '../optimize/search.ts'

export type ToThread =
  | {
      readonly kind: 'optimize'
      readonly id: number
      readonly request: OptimizeRequest
      readonly corrections: readonly object[] | undefined
    }
  | { readonly kind: 'abort'; readonly id: number }

export type FromThread =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: OptimizeProgress }
  | { readonly kind: 'result'; readonly id: number; readonly result: OptimizeResult }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }

/** An error as data: a BudError keeps its code, status and details on the way through. */
export type Failure = { readonly bud: BudErrorInit<string, unknown> } | { readonly text: string }

export function toFailure(error: unknown): Failure {
  if (!isBudError(error)) return { text: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  const { code, message, status, retryable, scope, retryAfterMs, details } = error
  return { bud: { code, message, status, retryable, scope, retryAfterMs, details } }
}

export const fromFailure = (failure: Failure): Error => ('bud' in failure ? new BudError(failure.bud) : new Error(failure.text))
