/** Everything that is administered over one store, as one thing: behind the routes of a running gateway, and behind the commands. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { userInfo } from 'node:os'
import type { Secret, Store } from '@bud-foundry/core'
import type { StructuredLogger } from '@bud-foundry/core/log'
import type { AdminActor, RefusedActor } from '../admin/actor.ts'
import { createAdmin, type Admin, type AdminCaller } from '../admin/admin.ts'
import { createAdminHandler } from '../admin/admin-handler.ts'
import { createAuditLog, type AuditLog } from '../admin/audit-log.ts'
import { createAuditTrail } from '../admin/audit-trail.ts'
import type { AdminParts } from '../admin/admin-parts.ts'
import { createConfigAdmin } from '../admin/config-admin.ts'
import { createBlockingAdmin, createCacheAdmin } from '../admin/gateway-parts.ts'
import type { Gateway } from '../create-gateway.ts'
import { gatewayErrors } from '../errors.ts'
import type { AdminListen } from '../config-file/prepare-config.ts'
import type { CredentialVault } from '../key/credential-vault.ts'
import { createGovernanceAdmin } from '../key/governance-admin.ts'
import { createKeyRing, type KeyRing } from '../key/key-ring.ts'
import { createBudgets } from '../money/budgets.ts'
import { createPrices, type Prices } from '../money/prices.ts'
import { createSpendLedger } from '../money/spend-ledger.ts'
import { listen } from '../node/node-listener.ts'
import { toNodeHandler } from '../node/web-server.ts'
import { createSafeFetcher } from '../ssrf/safe-fetcher.ts'

/** Of keys that may administer. */
export const adminScope = 'admin'

export interface AdministrationParts {
  readonly store: Store
  readonly credentials?: CredentialVault | undefined
  readonly logger?: StructuredLogger | undefined
  /** Whose keys, prices, blocking rules and cache are administered; without it those of the store. */
  readonly gateway?: Gateway | undefined
  /** Where the gateway's configuration comes from. */
  readonly configPath?: string | undefined
}

export interface Administration extends AsyncDisposable {
  readonly admin: Admin
  readonly keys: KeyRing
  /** Closed with the administration; counts what could not be stored. */
  readonly audit: AuditLog
}

/** What is in a file is changed there: a reload would undo every other change. */
function configOf(gateway: Gateway, path: string): NonNullable<AdminParts['config']> {
  const refuse = () => Promise.reject(gatewayErrors.CONFIG_IN_FILE({ path }))
  return { ...createConfigAdmin(gateway), apply: refuse, reload: refuse }
}

interface Subjects {
  readonly keys: KeyRing
  readonly prices: Prices
}

/** Those of the gateway are closed with it. */
function subjectsOf({ gateway, store }: AdministrationParts, stack: AsyncDisposableStack): Subjects {
  if (gateway?.keys !== undefined) return { keys: gateway.keys, prices: gateway.prices }
  return { keys: stack.use(createKeyRing({ store })), prices: stack.use(createPrices({ store })) }
}

/** Counts the money of the gateway, where there is one. Close it after the gateway. */
export async function openAdministration(parts: AdministrationParts): Promise<Administration> {
  const { store, credentials, logger, gateway, configPath = '' } = parts
  await using stack = new AsyncDisposableStack()
  const onFailure = (error: unknown) => {
    logger?.warn('administration could not read or write the store', { error })
  }
  const { keys, prices } = subjectsOf(parts, stack)
  const trail = createAuditTrail({ store, onFailure })
  const audit = stack.use(createAuditLog({ sink: trail, logger }))
  const governance = createGovernanceAdmin({ keys, credentials })
  const fetcher = stack.use(createSafeFetcher())
  const spend = stack.use(createSpendLedger({ store, onFailure }))
  const budgets = stack.use(createBudgets({ store, admin: governance, fetcher, secrets: credentials, spend, logger }))
  if (gateway !== undefined) {
    stack.use(gateway.onEvent(budgets.onEvent))
    stack.use(gateway.onEvent(spend.onEvent))
  }
  await Promise.all([keys.ready, prices.ready, budgets.ready])
  const ofGateway =
    gateway === undefined
      ? {}
      : { blocking: createBlockingAdmin(gateway), cache: createCacheAdmin(gateway), config: configOf(gateway, configPath) }
  const admin = createAdmin({ governance, prices, budgets, spend, trail, audit, ...ofGateway })
  const open = stack.move()
  return { admin, keys, audit, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** A command: a change without a trace is a failure, although the change is made. @throws GATEWAY_AUDIT_NOT_STORED, and what `work` throws. */
export async function administer(parts: AdministrationParts, work: (administration: Administration) => Promise<void>): Promise<void> {
  const { audit } = await openAndUse(parts, work)
  if (audit.unwritten > 0) throw gatewayErrors.AUDIT_NOT_STORED({ events: audit.unwritten })
}

async function openAndUse(parts: AdministrationParts, work: (administration: Administration) => Promise<void>): Promise<Administration> {
  await using administration = await openAdministration(parts)
  await work(administration)
  return administration
}

/** The user's name; its number where the machine has no name for it, as in many containers. */
export function accountName(read: () => { readonly username: string } = userInfo): string {
  try {
    return read().username
  } catch {
    return `uid-${String(process.getuid?.() ?? 'unknown')}`
  }
}

/** Who uses the commands: an account of this machine. */
export const commandCaller = (): AdminCaller => ({ actor: { id: `command:${accountName()}` } })

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The operator's credential opens everything, and so does a key with the scope `admin`. */
function actorOf(token: string, credential: Secret, keys: KeyRing): AdminActor | RefusedActor {
  // Equal lengths for every guess, so that time tells nothing about the credential.
  if (timingSafeEqual(digest(token), digest(credential.reveal()))) return { id: 'operator' }
  const found = keys.authenticate(token === '' ? undefined : token)
  if (found.kind === 'refused') throw gatewayErrors.INVALID_API_KEY({ reason: found.reason })
  const { id, name, scopes } = found.record
  return scopes.includes(adminScope)
    ? { id, name }
    : { actor: { id, name }, refused: gatewayErrors.INSUFFICIENT_SCOPE({ scope: adminScope }) }
}

/** Serves the routes below `/admin` on an address of their own. */
export async function serveAdministration({ admin, keys }: Administration, at: AdminListen, logger: StructuredLogger) {
  const addresses = new WeakMap<Request, string>()
  const clientIp = (request: Request) => addresses.get(request)
  const handler = createAdminHandler(admin, {
    logger,
    clientIp,
    authorize: (request) => {
      const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
      const found = actorOf(token, at.credential, keys)
      const from = { clientIp: clientIp(request) }
      return 'refused' in found ? { ...found, actor: { ...found.actor, ...from } } : { ...found, ...from }
    },
  })
  const serve = toNodeHandler((request, { remoteAddress }) => {
    if (remoteAddress !== undefined) addresses.set(request, remoteAddress)
    return handler(request)
  })
  return listen(serve, at)
}
