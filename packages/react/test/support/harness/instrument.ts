/** Counts the timers that are set and neither run nor cleared, and the listeners on window and document. Called before anything is mounted. */

declare global {
  interface Window {
    harness: { timers: () => number; listeners: () => number; mount: () => void; unmount: () => void }
  }
}

export function instrument(): void {
  const timers = new Set<unknown>()
  const { setTimeout: setTimer, clearTimeout: clearTimer } = window

  window.setTimeout = ((callback: () => void, delayMs?: number) => {
    const timer = setTimer(() => {
      timers.delete(timer)
      callback()
    }, delayMs)
    timers.add(timer)
    return timer
  }) as typeof window.setTimeout
  window.clearTimeout = (timer) => {
    timers.delete(timer)
    clearTimer(timer)
  }

  let listeners = 0
  for (const target of [EventTarget.prototype]) {
    const { addEventListener, removeEventListener } = target
    const isShared = (each: EventTarget) => each === window || each === document || each instanceof MediaQueryList
    target.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>) {
      if (isShared(this)) listeners += 1
      addEventListener.apply(this, args)
    }
    target.removeEventListener = function (this: EventTarget, ...args: Parameters<typeof removeEventListener>) {
      if (isShared(this)) listeners -= 1
      removeEventListener.apply(this, args)
    }
  }

  window.harness = { timers: () => timers.size, listeners: () => listeners, mount: () => {}, unmount: () => {} }
}
