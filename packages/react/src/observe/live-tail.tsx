'use client'
/** Requests as they end, newest last, like the tail of a log: paused, filtered, and never more than is kept. */
import type { RequestEvent } from '@bud-foundry/core'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useLive } from '../hook/use-live.ts'
import { EmptyNotice } from '../part/notice.tsx'
import { Panel } from '../part/loaded.tsx'
import { toTone } from '../request-table/request-measures.ts'
import { observeWords } from './observe-words.ts'

export interface LiveTailProps {
  /** Most lines shown; default 200. */
  readonly linesMax?: number | undefined
  /** Hears which request was chosen. */
  readonly onOpen?: ((id: string) => void) | undefined
}

export function LiveTail({ linesMax = 200, onOpen }: LiveTailProps) {
  const words = useWords('observe', observeWords)
  const format = useBudFormat()
  const { finished } = useLive()
  const [held, setHeld] = useState<readonly RequestEvent[] | undefined>(undefined)
  const [text, setText] = useState('')
  const [problemsOnly, setProblemsOnly] = useState(false)
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const source = held ?? finished
  const lines = useMemo(
    () =>
      source
        .filter((event) => (!problemsOnly || event.outcome !== 'success') && matches(event, wanted))
        .slice(0, linesMax)
        .reverse(),
    [source, wanted, problemsOnly, linesMax],
  )
  const box = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (box.current !== null && held === undefined) box.current.scrollTop = box.current.scrollHeight
  }, [lines, held])
  const newer = held === undefined ? 0 : countNewer(finished, held)
  return (
    <Panel
      title={words.tail}
      className="bud-tail"
      actions={
        <>
          <input
            className="bud-input"
            aria-label={words.filter}
            placeholder={words.filterHint}
            value={text}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          <button type="button" className="bud-chip" aria-pressed={problemsOnly} onClick={() => setProblemsOnly(!problemsOnly)}>
            {words.problems}
          </button>
          <button
            type="button"
            className="bud-button"
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held === undefined ? finished : undefined)}
          >
            {held === undefined ? words.pause : words.resume}
          </button>
        </>
      }
    >
      {newer > 0 ? <p className="bud-stale">{words.held(format.count(newer))}</p> : null}
      {lines.length === 0 ? (
        <EmptyNotice title={words.tailEmpty} hint={words.tailHint} />
      ) : (
        <ol ref={box} className="bud-log bud-tail-lines" tabIndex={0} aria-label={words.tail}>
          {lines.map((event) => (
            <TailLine key={event.id} event={event} onOpen={onOpen} />
          ))}
        </ol>
      )}
    </Panel>
  )
}

/** Exported for tests: all of them, when the newest that is held is no longer kept. */
export function countNewer(finished: readonly RequestEvent[], held: readonly RequestEvent[]): number {
  const at = finished.findIndex(({ id }) => id === held[0]?.id)
  return at < 0 ? finished.length : at
}

function matches(event: RequestEvent, wanted: string): boolean {
  if (wanted === '') return true
  return [event.model, event.requestedModel, event.targetId, event.outcome, event.errorCode, event.projectId, event.id].some(
    (each) => each?.toLowerCase().includes(wanted) === true,
  )
}

function TailLine({ event, onOpen }: { readonly event: RequestEvent; readonly onOpen: LiveTailProps['onOpen'] }) {
  const { requests } = useBudStrings()
  const format = useBudFormat()
  const { id, timeUnixMs, status, outcome, model, requestedModel, targetId, durationMs, inputTokens, outputTokens, errorCode } = event
  const line = (
    <>
      <time>{format.time(timeUnixMs)}</time> <span className="bud-dot" data-tone={toTone(outcome)} /> {status}{' '}
      <span className="bud-hidden">{requests.outcomes[outcome]}</span> <b>{model ?? requestedModel}</b> {targetId ?? ''}{' '}
      {format.duration(durationMs)} {format.count(inputTokens)}→{format.count(outputTokens)} {errorCode ?? ''}
    </>
  )
  return (
    <li dir="ltr">
      {onOpen === undefined ? (
        line
      ) : (
        <button type="button" className="bud-tail-line" onClick={() => onOpen(id)}>
          {line}
        </button>
      )}
    </li>
  )
}
