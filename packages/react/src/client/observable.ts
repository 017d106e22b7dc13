/** The smallest store that React can follow: a value, and listeners that hear when it is replaced. */

export interface Observable<T> {
  readonly get: () => T
  /** Returns a function that removes the listener. */
  readonly subscribe: (listener: () => void) => () => void
}

export interface Value<T> extends Observable<T> {
  readonly set: (next: T) => void
}

export function createValue<T>(initial: T): Value<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
