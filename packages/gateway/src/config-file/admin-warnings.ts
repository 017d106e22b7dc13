/** What the sections of the process may say by mistake. */
import type { ConfigIssue } from '@bud-foundry/core'
import type { PreparedConfig } from './prepare-config.ts'

/** Of a configuration that is valid. */
export function adminWarnings({ admin, gateway }: Pick<PreparedConfig, 'admin' | 'gateway'>): readonly ConfigIssue[] {
  if (admin === undefined || gateway.auth?.kind !== 'none') return []
  const message =
    "administers keys, projects and users, and with auth.kind 'none' nobody is asked for a key: what is set there holds for no call"
  return [{ path: 'listen.admin', message, fix: "set auth.kind to 'keys', or take the section away" }]
}
