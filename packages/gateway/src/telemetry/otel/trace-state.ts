/** The caller's `tracestate` header as the API wants it: an ordered list of members, carried on as it came. */
import type { TraceState } from '@opentelemetry/api'

/** W3C trace context, section 3.3.1.1: at most 32 members; section 3.3.1.5: 512 characters should be propagated. */
const members = 32
const length = 512

class CallerTraceState implements TraceState {
  readonly #members: readonly (readonly [key: string, value: string])[]

  constructor(list: readonly (readonly [key: string, value: string])[]) {
    this.#members = list.slice(0, members)
  }

  get(key: string): string | undefined {
    return this.#members.find(([name]) => name === key)?.[1]
  }

  set(key: string, value: string): TraceState {
    return new CallerTraceState([[key, value], ...this.#without(key)])
  }

  unset(key: string): TraceState {
    return new CallerTraceState(this.#without(key))
  }

  serialize(): string {
    return this.#members.map(([key, value]) => `${key}=${value}`).join(',')
  }

  #without(key: string) {
    return this.#members.filter(([name]) => name !== key)
  }
}

const memberPattern = /^\s*([a-z0-9][a-z0-9_*/@-]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])\s*$/

/** Undefined when the header is too long or a member is malformed: then the whole list is to be ignored. */
export function readTraceState(header: string): TraceState | undefined {
  if (header.length > length) return undefined
  const list: [string, string][] = []
  for (const member of header.split(',')) {
    if (member.trim() === '') continue
    const [, key, value] = memberPattern.exec(member) ?? []
    if (key === undefined || value === undefined) return undefined
    list.push([key, value])
  }
  return list.length === 0 || list.length > members ? undefined : new CallerTraceState(list)
}
