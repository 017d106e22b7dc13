/** Goes on with a value that is there or still to come; where it is there, no promise is made. */

export type Awaitable<Value> = Value | Promise<Value>

export const isPromise = <Value>(value: Awaitable<Value>): value is Promise<Value> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

export const after = <Value, Next>(value: Awaitable<Value>, next: (value: Value) => Awaitable<Next>): Awaitable<Next> =>
  isPromise(value) ? value.then(next) : next(value)
