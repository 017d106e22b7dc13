/** Tests about what happened today, or this month. */
import { it } from 'vitest'

const today = (): string => new Date().toISOString().slice(0, 10)

/** A test that runs again when it failed while the day (UTC) changed: real processes have their own clocks. */
export function onOneDay(name: string, options: { readonly timeout: number }, run: () => Promise<void>): void {
  it(name, options, async () => {
    const day = today()
    try {
      await run()
    } catch (error) {
      if (today() === day) throw error
      await run()
    }
  })
}
