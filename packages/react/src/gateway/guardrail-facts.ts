/** Rails of a configuration, and what they found, counted from the joined names that events carry. Pure. */
import type { Answer } from '../client/ask.ts'

export interface RailFacts {
  readonly name: string
  readonly kind: string
  readonly action: string
  readonly sides: readonly string[]
  /** To whom it is attached, one text for each entry; empty texts mean everyone. */
  readonly attachedTo: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields =>
  // Safe: a non-null object that is no list has string keys.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** Of the whole configuration of a gateway. */
export function readRails(config: unknown): readonly RailFacts[] {
  const { rails, attach } = fieldsOf(fieldsOf(config)['guardrails'])
  const entries = Array.isArray(attach) ? attach.map(fieldsOf) : []
  return Object.entries(fieldsOf(rails)).map(([name, value]) => {
    const rail = fieldsOf(value)
    const conditions = entries.filter((entry) => textsOf(entry['rails']).includes(name))
    return {
      name,
      kind: textOf(rail['kind']),
      action: textOf(rail['action']),
      sides: textsOf(rail['on']),
      attachedTo: conditions.map((entry) =>
        [
          ...['models', 'projects', 'keys'].flatMap((each) => textsOf(entry[each])),
          ...Object.entries(fieldsOf(entry['tags'])).map(([tag, is]) => `${tag}=${textOf(is)}`),
        ].join(', '),
      ),
    }
  })
}

/** Hits by rail and by what was done: events name them as `rail:action`, several with commas between. */
export function countHits(answer: Answer | undefined): ReadonlyMap<string, Readonly<Record<string, number>>> {
  const hits = new Map<string, Record<string, number>>()
  for (const { group, values } of answer?.rows ?? []) {
    const requests = values['requests'] ?? 0
    for (const hit of (group['guardrail'] ?? '').split(', ')) {
      const colon = hit.lastIndexOf(':')
      if (colon <= 0) continue
      const [name, action] = [hit.slice(0, colon), hit.slice(colon + 1)]
      const known = hits.get(name) ?? {}
      known[action] = (known[action] ?? 0) + requests
      hits.set(name, known)
    }
  }
  return hits
}
