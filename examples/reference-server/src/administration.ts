/** What an administrator can change while the server runs: keys, credentials, prices, budgets, blocking rules, the cache and the configuration, with a trace of each change. */
import type { Envelope } from '@bud-foundry/core/secret'
import type { Clock, Logger, Sink, Store } from '@bud-foundry/core'
import {
  createBudgets,
  createCredentialVault,
  createGovernanceAdmin,
  createSpendLedger,
  type Gateway,
  type KeyRing,
} from '@bud-foundry/gateway'
import {
  createAdmin,
  createAdminHandler,
  createAuditLog,
  createBlockingAdmin,
  createCacheAdmin,
  createConfigAdmin,
  type Admin,
} from '@bud-foundry/gateway/admin'
import { createSafeFetcher } from '@bud-foundry/gateway/ssrf'
import type { Identity } from './identity.ts'

export const adminPath = '/api/admin'

export interface Administration extends AsyncDisposable {
  readonly admin: Admin
  /** Answers everything below `/api/admin`. */
  readonly handler: (request: Request) => Promise<Response>
}

export interface AdministrationParts {
  readonly gateway: Gateway
  readonly keys: KeyRing
  readonly store: Store
  readonly envelope: Envelope
  readonly sink: Sink
  readonly clock: Clock
  readonly logger: Logger
  readonly identity: Identity
  /** Puts the configuration that follows from the environment in force again. */
  readonly reload: () => Promise<void>
  /** Told when an administrator has put a configuration in force by hand. */
  readonly onApply: () => void
}

export function createAdministration(parts: AdministrationParts): Administration {
  const { gateway, keys, store, envelope, clock, logger, identity } = parts
  const credentials = createCredentialVault({ store, envelope, clock })
  const governance = createGovernanceAdmin({ keys, credentials })
  const spend = createSpendLedger({
    store,
    clock,
    onFailure: (error) => {
      logger.warn('spend could not be counted', { error })
    },
  })
  // Webhooks go to public addresses only: whoever may write a budget cannot reach into the network with it.
  const fetcher = createSafeFetcher()
  const budgets = createBudgets({ store, spend, admin: governance, fetcher, secrets: credentials, clock, logger })
  const listeners = [gateway.onEvent(spend.onEvent), gateway.onEvent(budgets.onEvent)]
  const audit = createAuditLog({ sink: parts.sink, logger, clock })
  const config = createConfigAdmin(gateway, parts.reload)
  const apply: typeof config.apply = async (next) => {
    await config.apply(next)
    parts.onApply()
  }
  const admin = createAdmin({
    governance,
    prices: gateway.prices,
    budgets,
    spend,
    blocking: createBlockingAdmin(gateway),
    cache: createCacheAdmin(gateway),
    config: { ...config, apply },
    audit,
  })
  const handler = createAdminHandler(admin, {
    basePath: adminPath,
    logger,
    authorize: (request) => {
      const { id, name } = identity.require(request, 'admin')
      return { id, name }
    },
  })
  return {
    admin,
    handler,
    [Symbol.asyncDispose]: async () => {
      for (const listener of listeners) listener[Symbol.dispose]()
      await Promise.all([spend[Symbol.asyncDispose](), budgets[Symbol.asyncDispose](), audit[Symbol.asyncDispose]()])
      await fetcher[Symbol.asyncDispose]()
    },
  }
}
