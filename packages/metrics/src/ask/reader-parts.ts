/** What questions are answered from. */
import type { Clock } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import type { RequestEngine } from './request-engine.ts'
import type { Scope } from './scope.ts'

export interface ReaderParts {
  readonly engine: RequestEngine
  readonly clock: Clock
  readonly scope: Scope
  /** The database, for what is not a request; absent where only requests are kept. */
  readonly client?: AnalyticsClient
}
