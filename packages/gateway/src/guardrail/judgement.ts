/** What a guardrail service is asked, and what it answers. */
import type { Side } from './guardrail-config.ts'

/** What a service is told beside the text. */
export interface JudgedCall {
  readonly side: Side
  readonly requestId: string
  readonly model: string
  readonly projectId: string | undefined
}

export interface Judgement {
  readonly flagged: boolean
  readonly categories: readonly string[]
  /** What to mask, in UTF-16 positions of the text. Without any, a flagged text is masked whole. */
  readonly spans: readonly { readonly start: number; readonly end: number }[]
}

export interface Judge extends Partial<AsyncDisposable> {
  /** Rejects when there is no judgement. */
  judge(text: string, call: JudgedCall, signal: AbortSignal): Promise<Judgement>
}
