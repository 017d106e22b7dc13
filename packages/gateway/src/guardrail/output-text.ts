/** One text of an answer on its way through all rails, in the order of the configuration. */
import { gatewayErrors } from '../errors.ts'
import { after, type Awaitable } from '../governance/after.ts'
import type { StageCall } from '../governance/stage.ts'
import type { Clock } from '@bud-foundry/core'
import type { Findings } from './findings.ts'
import type { Effort } from './detector.ts'
import { heldCharacters, sliceCharacters } from './guardrail-limits.ts'
import { JudgedText } from './judged-text.ts'
import { paced } from './paced.ts'
import type { LocalRail, Rail, SchemaRail } from './rail.ts'
import { slicesOf, TextWindow } from './text-window.ts'

export interface OutputTextParts {
  readonly rails: readonly Rail[]
  readonly call: StageCall
  readonly findings: Findings
  readonly clock: Clock
  /** Of all texts of the answer. */
  readonly effort: Effort
}

/** A text that passes one rail. */
interface Passage {
  push(piece: string): Awaitable<string>
  /** May be followed by more. */
  end(): Awaitable<string>
}

class LocalPassage implements Passage {
  readonly #rail: LocalRail
  readonly #parts: OutputTextParts
  readonly #window: TextWindow
  /** Whether it has used up its time, and lets pass what comes. */
  #isOver = false

  constructor(rail: LocalRail, parts: OutputTextParts, json: boolean) {
    const { findings, effort } = parts
    const { detectors, reading } = rail
    this.#rail = rail
    this.#parts = parts
    this.#window = new TextWindow({ detectors, reading, effort, json, onMatch: ({ label }) => findings.found(rail, 'output', label) })
  }

  push(piece: string): Awaitable<string> {
    return piece.length <= sliceCharacters
      ? this.#push(piece)
      : paced(this.#slices(piece), this.#parts.clock, () => this.#parts.call.signal)
  }

  end(): string {
    return this.#isOver ? '' : this.#parts.findings.timed(this.#rail, 'output', () => this.#window.pause())
  }

  #push(piece: string): string {
    if (this.#isOver) return piece
    if (this.#parts.findings.isOver(this.#rail, 'output')) {
      this.#isOver = true
      return this.#window.pause() + piece
    }
    return this.#parts.findings.timed(this.#rail, 'output', () => this.#window.push(piece))
  }

  *#slices(piece: string): Generator<undefined, string> {
    let released = ''
    for (const slice of slicesOf(piece)) {
      released += this.#push(slice)
      yield
    }
    return released
  }
}

/** A schema judges a text when it is whole; what comes after its end is another one. */
class SchemaPassage implements Passage {
  readonly #rail: SchemaRail
  readonly #findings: Findings
  #text = ''

  constructor(rail: SchemaRail, findings: Findings) {
    this.#rail = rail
    this.#findings = findings
  }

  push(piece: string): string {
    this.#text += piece
    if (this.#text.length > heldCharacters) throw gatewayErrors.GUARDRAIL_BLOCKED({ rail: this.#rail.name, side: 'output' })
    return ''
  }

  end(): string {
    const isValid = this.#findings.timed(this.#rail, 'output', () => this.#isValid())
    if (!this.#findings.isOver(this.#rail, 'output') && !isValid) this.#findings.note(this.#rail, 'output')
    const text = this.#text
    this.#text = ''
    return text
  }

  #isValid(): boolean {
    try {
      return this.#rail.validate(JSON.parse(this.#text))
    } catch {
      return false
    }
  }
}

export class OutputText {
  readonly #passages: readonly Passage[]

  /** `isContent`: what the model says to the caller, which is what schemas judge. */
  constructor(parts: OutputTextParts, json: boolean, isContent: boolean) {
    const { findings } = parts
    this.#passages = parts.rails.flatMap((rail): Passage | readonly Passage[] => {
      switch (rail.kind) {
        case 'local':
          return new LocalPassage(rail, parts, json)
        case 'service':
          return new JudgedText({ ...parts, rail, side: 'output', json })
        case 'schema':
          return isContent ? new SchemaPassage(rail, findings) : []
      }
    })
  }

  push(piece: string): Awaitable<string> {
    return this.#push(0, piece)
  }

  /** What was held back. Should more come it is read with what came before. */
  end(): Awaitable<string> {
    return this.#end(0, '')
  }

  #push(index: number, piece: string): Awaitable<string> {
    const passage = this.#passages[index]
    return passage === undefined || piece === '' ? piece : after(passage.push(piece), (passed) => this.#push(index + 1, passed))
  }

  /** What one rail held back passes those after it before they end. */
  #end(index: number, released: string): Awaitable<string> {
    const passage = this.#passages[index]
    if (passage === undefined) return released
    return after(passage.end(), (rest) => after(this.#push(index + 1, rest), (passed) => this.#end(index + 1, released + passed)))
  }
}
