/** Marks what a dialect cannot be translated to yet. */
import { dialectErrors } from './dialect-errors.ts'

export const untranslated = (dialect: string) => (): never => {
  throw dialectErrors.NOT_EXPRESSIBLE({ field: 'model', upstream: dialect, reason: 'this pair of dialects is not translated' })
}
