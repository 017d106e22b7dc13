/** A string that never prints: not in logs, JSON, errors or inspection. */
import { z } from 'zod'

const hidden = '[secret]'
const brand = Symbol.for('bud-foundry.secret')

/** Text that only `reveal` shows. */
export interface Secret {
  /** The only way to the plain text; call it where the bytes leave, and nowhere else. */
  readonly reveal: () => string
  toString(): string
  toJSON(): string
}

/** Hides a string; every way of printing the result shows `[secret]`. */
export function createSecret(plain: string): Secret {
  return Object.freeze({
    reveal: () => plain,
    toString: () => hidden,
    toJSON: () => hidden,
    [Symbol.for('nodejs.util.inspect.custom')]: () => hidden,
    [brand]: true,
  })
}

/** Whether a value came from `createSecret`, of this copy of the package or another. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && brand in value
}

/** For config schemas: a non-empty string, which becomes a Secret at once, or a Secret already. Errors say nothing of the value. */
export const secretSchema = z.union([z.string().min(1).transform(createSecret), z.custom<Secret>(isSecret)], {
  error: 'must be a secret: text that is not empty',
})
