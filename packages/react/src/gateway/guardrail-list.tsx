'use client'
/** What requests and answers may not say: every rail, to whom it is attached, and how often it found something. Needs the scope `admin`. */
import type { TimeWindow } from '../client/ask.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAdmin } from '../hook/use-admin.ts'
import { useAsk } from '../hook/use-ask.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { countHits, readRails, type RailFacts } from './guardrail-facts.ts'
import { gatewayWords } from './gateway-words.ts'

const lastDay: TimeWindow = { last: '24h' }
/** Combinations of rails that hit together. */
const combinationsMax = 200

export interface GuardrailListProps {
  /** Of the counts; default the last day. */
  readonly window?: TimeWindow | undefined
}

const actionTones: Readonly<Record<string, string>> = { block: 'bad', mask: 'warning' }

export function GuardrailList({ window = lastDay }: GuardrailListProps) {
  const words = useWords('gateway', gatewayWords)
  const format = useBudFormat()
  const config = useAdmin('getConfig', {})
  const { data: found, isStale } = useAsk({ measure: ['requests'], window, groupBy: ['guardrail'], limit: combinationsMax })
  const hits = countHits(found)
  return (
    <Panel title={words.guardrails}>
      <Loaded
        resource={{ ...config, isStale: config.isStale || isStale }}
        isEmpty={(data) => readRails(data).length === 0}
        empty={{ title: words.noGuardrails, hint: words.noGuardrailsHint }}
      >
        {(data) => (
          <ul className="bud-rows">
            {readRails(data).map((rail) => (
              <li key={rail.name}>
                <span className="bud-badge" data-tone={actionTones[rail.action]}>
                  {words.railActions[rail.action] ?? rail.action}
                </span>
                <b>{rail.name}</b>
                <span className="bud-muted">{describe(rail, words)}</span>
                <span className="bud-rail-hits">
                  {found === undefined
                    ? null
                    : Object.entries(hits.get(rail.name) ?? {}).length === 0
                      ? words.noHits
                      : Object.entries(hits.get(rail.name) ?? {})
                          .map(([action, count]) => words.hits(format.count(count), words.railHits[action] ?? action))
                          .join(', ')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function describe({ kind, sides, attachedTo }: RailFacts, words: typeof gatewayWords): string {
  const where = sides.map((side) => words.railSides[side] ?? side).join(' + ')
  const whom =
    attachedTo.length === 0 ? words.railUnattached : attachedTo.map((each) => (each === '' ? words.railEveryone : each)).join('; ')
  return [words.railKinds[kind] ?? kind, where, whom].filter((each) => each !== '').join(' · ')
}
