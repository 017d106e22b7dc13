/** What a step of `npm run check` is: it examines things and says how many, or fails with what it found. */

export interface Examined {
  readonly count: number
  /** What was counted, in the plural: files, modules, packages. */
  readonly things: string
}

export interface CheckOptions {
  /** Rewrites files that are generated or golden instead of comparing them. */
  readonly update: boolean
  /** A folder that is removed after the last step; what one step leaves there, a later one may use. */
  readonly workFolder: string
}

export interface Step {
  readonly name: string
  readonly run: (options: CheckOptions) => Promise<Examined>
}

/** The step's own finding: its text is meant for the author of the change, without a stack. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

/** Throws a Finding that lists every problem, when there is one. */
export const demandNone = (problems: readonly string[], advice: string): void => {
  if (problems.length > 0) throw new Finding(`${problems.join('\n')}\n${advice}`)
}
