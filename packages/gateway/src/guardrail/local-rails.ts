/** Rails of the gateway's own on the texts of a request: each by itself, and those together that a model reads as one. */
import { gatewayErrors } from '../errors.ts'
import { fullEffort, type Effort } from './detector.ts'
import type { Findings } from './findings.ts'
import { sliceCharacters, textCharacters } from './guardrail-limits.ts'
import type { LocalRail } from './rail.ts'
import type { Rank, RequestText } from './request-texts.ts'
import type { Place } from './text-units.ts'
import { filterSlices, type OnMatch } from './text-window.ts'

/** What engines put between the parts of a message: nothing, or a new line. */
const joints = ['', '\n']

const ranks: readonly Rank[] = [0, 1, 2]

/** Texts that follow each other, two or more: those that a model surely reads as one, and with them those that it may read so. */
export function groupsOf(texts: readonly RequestText[]): readonly (readonly RequestText[])[] {
  const groups = new Map<object, RequestText[]>()
  for (const text of texts) {
    if (text.group === undefined) continue
    const group = groups.get(text.group)
    if (group === undefined) groups.set(text.group, [text])
    else group.push(text)
  }
  return [...groups.values()].flatMap((group) =>
    ranks
      .filter((rank) => group.some((text) => text.rank === rank))
      .map((rank) => group.filter((text) => text.rank <= rank))
      .filter((joined) => joined.length > 1),
  )
}

interface LocalWork {
  readonly rail: LocalRail
  readonly findings: Findings
  readonly effort: Effort
}

/** Stops after each slice of text; true when a text has changed. @throws GATEWAY_GUARDRAIL_BLOCKED, also where what shall be masked cannot be. */
export function* applyLocal(rail: LocalRail, texts: readonly RequestText[], findings: Findings): Generator<undefined, boolean> {
  const work = { rail, findings, effort: fullEffort() }
  let changed = false
  let unpaused = 0
  for (const text of texts) {
    if (findings.isOver(rail, 'input')) return changed
    changed = (yield* filterOne(work, text)) || changed
    unpaused += text.text.length + textCharacters
    if (unpaused < sliceCharacters) continue
    unpaused = 0
    yield
  }
  for (const group of groupsOf(texts)) for (const joint of joints) changed = (yield* filterJoined(work, group, joint)) || changed
  return changed
}

function* filterOne({ rail, findings, effort }: LocalWork, { text, json, set }: RequestText): Generator<undefined, boolean> {
  const { detectors, reading } = rail
  const onMatch: OnMatch = ({ label }) => {
    const mask = findings.found(rail, 'input', label)
    if (mask !== undefined && set === undefined) throw gatewayErrors.GUARDRAIL_BLOCKED({ rail: rail.name, side: 'input' })
    return mask
  }
  const filtered = yield* timed(findings, rail, filterSlices(text, { detectors, reading, onMatch, json, effort }))
  if (filtered === undefined || filtered === text) return false
  set?.(filtered)
  return true
}

interface Edit extends Place {
  readonly mask: string
}

/** What is found across the ends of texts. */
function* filterJoined({ rail, findings, effort }: LocalWork, group: readonly RequestText[], joint: string): Generator<undefined, boolean> {
  const { detectors, reading } = rail
  const spans = spansOf(group, joint)
  const edits: Edit[] = []
  let at = 0
  const onMatch: OnMatch = ({ label }, place) => {
    while ((spans[at]?.end ?? Number.POSITIVE_INFINITY) <= place.start) at += 1
    // What one text holds was found in it.
    if (place.end <= (spans[at]?.end ?? 0)) return undefined
    const mask = findings.found(rail, 'input', label)
    if (mask !== undefined) edits.push({ ...place, mask })
    return undefined
  }
  const joined = group.map(({ text }) => text).join(joint)
  yield* timed(findings, rail, filterSlices(joined, { detectors, reading, onMatch, json: false, effort }))
  for (const [index, text] of group.entries()) text.set?.(edited(text.text, spans[index] ?? { start: 0, end: 0 }, edits))
  return edits.length > 0
}

/** Where the texts stand when they are joined. */
function spansOf(group: readonly RequestText[], joint: string): readonly Place[] {
  let start = 0
  return group.map(({ text }) => {
    const span = { start, end: start + text.length }
    start = span.end + joint.length
    return span
  })
}

/** A mask stands where its match begins; what follows of the match is left out. */
function edited(text: string, span: Place, edits: readonly Edit[]): string {
  let result = ''
  let at = span.start
  for (const { start, end, mask } of edits) {
    if (end <= span.start || start >= span.end) continue
    result += text.slice(at - span.start, Math.max(at, start) - span.start) + (start >= span.start ? mask : '')
    at = Math.min(end, span.end)
  }
  return result + text.slice(at - span.start)
}

/** Counts the time of each turn, not of the pauses between them. Undefined where it was too much, and the rest goes on unread. */
function* timed<Value>(findings: Findings, rail: LocalRail, work: Generator<undefined, Value>): Generator<undefined, Value | undefined> {
  for (;;) {
    const step = findings.timed(rail, 'input', () => work.next())
    if (step.done === true) return step.value
    if (findings.isOver(rail, 'input')) return undefined
    yield
  }
}
