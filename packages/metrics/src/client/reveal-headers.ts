/** Headers of calls to others, whose secrets stay secret until the call is made. */
import type { Secret } from '@bud-foundry/core'

/** A value that nobody may read in a log is a `Secret`, such as one that authorizes. */
export type CallHeaders = Readonly<Record<string, string | Secret>>

/** As `fetch` takes them. */
export const revealHeaders = (headers: CallHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]))
