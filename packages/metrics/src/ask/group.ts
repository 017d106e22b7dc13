/** The values that tell one group of an answer from the others. */
import type { DimensionName } from './dimension.ts'

/** Empty text where requests have no value. */
export type Group = Readonly<Partial<Record<DimensionName, string>>>

export const toGroup = (names: readonly DimensionName[], values: readonly string[]): Group =>
  Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
