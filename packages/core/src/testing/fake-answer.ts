/** The script of an upstream's answer, for the fake transport and the scripted server. */

/** One step of a scripted body. */
export type FakeStep =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array | string }
  | { readonly kind: 'wait'; readonly durationMs: number }
  /** Nothing more ever comes: only a timeout or the caller ends the call. */
  | { readonly kind: 'stall' }
  /** The connection breaks. */
  | { readonly kind: 'error'; readonly error: unknown }

/** What the upstream answers. A stall or error in `before` comes instead of headers. */
export interface FakeAnswer {
  readonly before?: readonly FakeStep[] | undefined
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | readonly FakeStep[] | undefined
}

/** A body as steps: text and bytes are one chunk. */
export function toSteps(body: FakeAnswer['body']): readonly FakeStep[] {
  if (body === undefined) return []
  return typeof body === 'string' || body instanceof Uint8Array ? [{ kind: 'chunk', bytes: body }] : body
}
