/** Says what one event of a messages stream is, mostly from its name. */
import type { FrameKind } from '@bud-foundry/core'
import { asArray, asObject, parseFrame, parseObject } from '../sse-frame.ts'

type Json = Readonly<Record<string, unknown>>

const deltaPrefix = 'event: content_block_delta'

/** True when the event's first line names a content delta: the bulk of a stream, decided without decoding it. */
function isDelta(frame: Uint8Array): boolean {
  for (let index = 0; index < deltaPrefix.length; index++) if (frame[index] !== deltaPrefix.charCodeAt(index)) return false
  return frame[deltaPrefix.length] === 0x0a || frame[deltaPrefix.length] === 0x0d
}

/** Classifies an event of a messages stream. */
export function classifyAnthropicFrame(frame: Uint8Array): FrameKind {
  if (isDelta(frame)) return 'content'
  const parsed = parseFrame(frame)
  if (parsed === undefined) return 'lifecycle'
  const data = parseObject(parsed.data)
  if (data === undefined) return 'error'
  return classifyEvent(parsed.event ?? data['type'], data)
}

function classifyEvent(type: unknown, data: Json): FrameKind {
  switch (type) {
    case 'content_block_delta':
      return 'content'
    case 'message_start':
      return classifyStart(asObject(data['message']))
    case 'content_block_start':
      return startsWithContent(asObject(data['content_block'])) ? 'content' : 'lifecycle'
    case 'message_delta':
      return typeof asObject(data['delta'])?.['stop_reason'] === 'string' ? 'finish' : 'usage'
    case 'message_stop':
      return 'end'
    case 'error':
      return 'error'
    default:
      return 'lifecycle'
  }
}

/** A turn that the upstream's own tools have finished may come whole, with its start. */
function classifyStart(message: Json | undefined): FrameKind {
  if (typeof message?.['stop_reason'] === 'string') return 'finish'
  return asArray(message?.['content']).length > 0 ? 'content' : 'lifecycle'
}

/** Text and thinking blocks start empty; every other block says something by starting. */
function startsWithContent(block: Json | undefined): boolean {
  if (block?.['type'] === 'text') return block['text'] !== ''
  if (block?.['type'] === 'thinking') return block['thinking'] !== ''
  return true
}
