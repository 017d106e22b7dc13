/** The stages in force, and when those that a new configuration has replaced can go. */
import type { BlockingRules } from '../blocking/blocking-rules.ts'
import type { AnswerCache } from '../cache/answer-cache.ts'
import type { Stage } from './stage.ts'

/** The stages of one configuration. */
export class StageSet {
  readonly arrival: readonly Stage[]
  readonly request: readonly Stage[]
  readonly call: readonly Stage[]
  readonly #onUnused: () => void
  #calls = 0
  #retired = false

  constructor(stages: readonly Stage[], onUnused: () => void) {
    this.arrival = stages.filter((stage) => stage.onArrival !== undefined)
    this.request = stages.filter((stage) => stage.onRequest !== undefined)
    this.call = stages.filter((stage) => stage.onCall !== undefined)
    this.#onUnused = onUnused
  }

  /** A call begins; `leave` follows exactly once. */
  enter(): void {
    this.#calls += 1
  }

  leave(): void {
    this.#calls -= 1
    this.#check()
  }

  retire(): void {
    this.#retired = true
    this.#check()
  }

  #check(): void {
    if (this.#retired && this.#calls === 0) this.#onUnused()
  }
}

/** A stage that the gateway made itself, and so disposes of. */
export type OwnedStage = Stage &
  Partial<AsyncDisposable> & {
    /** What must have been read before the gateway opens. */
    readonly ready?: Promise<void> | undefined
    /** What of it can be administered. */
    readonly rules?: BlockingRules
    readonly answers?: AnswerCache
  }

/** Swaps sets of stages; a built-in one is disposed of when no set with it is in use any more. */
export class StageKeeper implements AsyncDisposable {
  readonly #uses = new Map<OwnedStage, number>()
  readonly #disposing = new Set<Promise<void>>()
  readonly #onFailure: (error: unknown) => void
  #current: StageSet | undefined

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** `own` are kept by whoever made them. Undefined when there is no stage at all. */
  swap(builtIn: readonly OwnedStage[], own: readonly Stage[]): StageSet | undefined {
    const previous = this.#current
    for (const stage of builtIn) this.#uses.set(stage, (this.#uses.get(stage) ?? 0) + 1)
    const all = [...builtIn, ...own]
    this.#current = all.length === 0 ? undefined : new StageSet(all, () => this.#release(builtIn))
    previous?.retire()
    return this.#current
  }

  #release(stages: readonly OwnedStage[]): void {
    for (const stage of stages) {
      const uses = (this.#uses.get(stage) ?? 1) - 1
      this.#uses.set(stage, uses)
      if (uses > 0) continue
      this.#uses.delete(stage)
      const disposing = this.#dispose(stage).finally(() => this.#disposing.delete(disposing))
      this.#disposing.add(disposing)
    }
  }

  async #dispose(stage: OwnedStage): Promise<void> {
    try {
      await stage[Symbol.asyncDispose]?.()
    } catch (error) {
      this.#onFailure(error)
    }
  }

  /** Call it when no request is in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#current?.retire()
    this.#current = undefined
    await Promise.all(this.#disposing)
  }
}
