/** A string that never prints: not in logs, JSON, errors or inspection. */

const hidden = '[secret]'

export interface Secret {
  /** The only way to the plain text; call it where the bytes leave, and nowhere else. */
  readonly reveal: () => string
  toString(): string
  toJSON(): string
}

export function createSecret(plain: string): Secret {
  return Object.freeze({
    reveal: () => plain,
    toString: () => hidden,
    toJSON: () => hidden,
    [Symbol.for('nodejs.util.inspect.custom')]: () => hidden,
  })
}
