/** What ties requests of one conversation or user together. */
import type { RequestHead } from '@bud-foundry/core'
import type { RequestContext } from '../pipeline/request-context.ts'

/** The session header, else the user that the body names; within one project, so that tenants cannot steer each other. */
export function affinityKeyOf(context: RequestContext, head: RequestHead): string | undefined {
  const session = context.exchange.header(context.services.snapshot.headerPolicy.sessionHeader) ?? head.userId
  return session === undefined ? undefined : `${context.key?.projectId ?? ''}\n${session}`
}
