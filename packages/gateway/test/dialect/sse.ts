/** Frames for tests: splits a stream into events, plays one through a decoder and an encoder. */
import type { CanonicalDelta, StreamDecoder, StreamEncoder } from '@bud-foundry/core'
import { parseFrame } from '../../src/dialect/sse-frame.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (encoded: Uint8Array | undefined): string => (encoded === undefined ? '' : new TextDecoder().decode(encoded))
export const json = (encoded: Uint8Array): Record<string, unknown> => JSON.parse(text(encoded)) as Record<string, unknown>

/** The events of a stream, each with its closing blank line. */
export const splitFrames = (stream: string): string[] => stream.split(/(?<=\n\n)/).filter((frame) => frame.trim() !== '')

export const openaiFrames = (chunks: readonly string[], done = true): string[] => [
  ...chunks.map((chunk) => `data: ${chunk}\n\n`),
  ...(done ? ['data: [DONE]\n\n'] : []),
]
export const anthropicFrames = (events: readonly string[]): string[] =>
  events.map((event) => `event: ${(JSON.parse(event) as { type: string }).type}\ndata: ${event}\n\n`)

/** All deltas of a stream. */
export function decodeAll(decoder: StreamDecoder, frames: readonly string[]): CanonicalDelta[] {
  return frames.flatMap((frame) => {
    const parsed = parseFrame(bytes(frame))
    return parsed === undefined ? [] : [...decoder.push(parsed)]
  })
}

/** The bytes of a stream, as text. */
export const encodeAll = (encoder: StreamEncoder, deltas: readonly CanonicalDelta[]): string =>
  deltas.map((delta) => text(encoder.push(delta))).join('') + text(encoder.end())
