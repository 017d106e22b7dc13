/** Who may do what: the first admin key, the short-lived session of the page, and the check behind every /api route. */
import { isIP } from 'node:net'
import type { Envelope } from '@bud-foundry/core/secret'
import type { Clock, Secret, Store } from '@bud-foundry/core'
import type { KeyRecord, KeyRing } from '@bud-foundry/gateway'
import { everyProject, type Scope } from '@bud-foundry/metrics'
import { serverErrors } from './errors.ts'

/** `inference`: call models. `metrics`: read what happened. `plan`: optimise and render plans. `admin`: manage keys. */
export const adminScopes = ['inference', 'metrics', 'plan', 'admin'] as const
export type Permission = (typeof adminScopes)[number]
/** What the page can do without a key; managing keys is not among it. */
const sessionScopes: readonly Permission[] = ['inference', 'metrics', 'plan']

const sessionMs = 15 * 60_000
const sessionCookie = 'bud_session'
const adminKeyEntry = 'server/admin-key'

export interface Session {
  readonly expiresAtUnixMs: number
  readonly scopes: readonly string[]
  /** Header that gives the session to the browser; absent while the present session lives long enough. */
  readonly setCookie: string | undefined
}

export interface Identity {
  /** The key that a start prints: made once, sealed in the store, made anew only after it was revoked. */
  adminKey(): Promise<Secret>
  /** @throws SERVER_SESSION_REFUSED, SERVER_CROSS_ORIGIN */
  openSession(request: Request, apiKey: Secret | undefined): Promise<Session>
  /** @throws SERVER_UNAUTHENTICATED, SERVER_FORBIDDEN, SERVER_CROSS_ORIGIN */
  require(request: Request, scope: Permission): KeyRecord
  /** The session's own key for a call of the page to /v1, which knows nothing of cookies. */
  sessionKey(headers: HeaderReader): string | undefined
}

/** What both `Headers` and Node's header objects can be read through. */
export type HeaderReader = (name: string) => string | undefined

export interface IdentityParts {
  readonly keys: KeyRing
  readonly store: Store
  readonly envelope: Envelope
  readonly clock: Clock
  /** Whether only this machine can connect; the page then needs no sign-in. */
  readonly isLoopback: boolean
}

const headersOf =
  (request: Request): HeaderReader =>
  (name) =>
    request.headers.get(name) ?? undefined

function cookieOf(header: HeaderReader): string | undefined {
  for (const pair of (header('cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=')
    if (name === sessionCookie && value !== undefined && value !== '') return value
  }
  return undefined
}

/** `localhost` or a literal loopback address: a name that a stranger's DNS points here (rebinding) is neither. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '')
  return name === 'localhost' || (isIP(name) === 4 && name.startsWith('127.')) || name === '::1'
}

/** Cookies come along with requests that other sites make; those are told apart by what browsers say of the origin. */
function assertSameOrigin(header: HeaderReader): void {
  const origin = header('origin')
  const site = header('sec-fetch-site')
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
  const mismatch = origin !== undefined && URL.parse(origin)?.host !== header('host')
  if (foreign || mismatch) throw serverErrors.CROSS_ORIGIN({ origin: origin ?? site ?? 'unknown' })
}

/** Administrators see the requests of every project, others those of their own. */
export const visibleScope = (record: KeyRecord): Scope =>
  record.scopes.includes('admin') ? everyProject : { kind: 'projects', projectIds: [record.projectId] }

const bearerOf = (header: HeaderReader) => /^bearer (.+)$/i.exec(header('authorization') ?? '')?.[1] ?? header('x-api-key')

export function createIdentity({ keys, store, envelope, clock, isLoopback }: IdentityParts): Identity {
  const accepted = (key: string | undefined): KeyRecord | undefined => {
    const answer = keys.authenticate(key)
    return answer.kind === 'accepted' ? answer.record : undefined
  }
  const sessionKey = (header: HeaderReader) => {
    const cookie = cookieOf(header)
    if (cookie !== undefined) assertSameOrigin(header)
    return cookie
  }
  const allowedScopes = (header: HeaderReader, apiKey: Secret | undefined): { projectId: string; scopes: readonly string[] } => {
    if (apiKey !== undefined) {
      const record = accepted(apiKey.reveal())
      if (record === undefined) throw serverErrors.SESSION_REFUSED({ reason: 'unknown key' })
      // Who signs in with an administrator's key administers, until the session ends; it is not renewed with that right.
      return { projectId: record.projectId, scopes: adminScopes.filter((scope) => record.scopes.includes(scope)) }
    }
    if (!isLoopback || !isLoopbackHost((header('host') ?? '').replace(/:\d+$/, '')))
      throw serverErrors.SESSION_REFUSED({ reason: 'not local' })
    return { projectId: 'default', scopes: sessionScopes }
  }

  return {
    sessionKey,
    adminKey: async () => {
      await keys.ready
      const sealed = await store.get(adminKeyEntry)
      if (sealed !== undefined) {
        const key = envelope.openSecret(sealed, adminKeyEntry)
        if (accepted(key.reveal()) !== undefined) return key
      }
      const { key } = await keys.create({ name: 'admin', scopes: adminScopes })
      await store.set(adminKeyEntry, envelope.sealSecret(key, adminKeyEntry))
      return key
    },
    openSession: async (request, apiKey) => {
      const header = headersOf(request)
      assertSameOrigin(header)
      const present = apiKey === undefined ? accepted(cookieOf(header)) : undefined
      const remainingMs = (present?.expiresUnixMs ?? 0) - clock.nowMs()
      if (present !== undefined && remainingMs > sessionMs / 2) {
        return { expiresAtUnixMs: clock.nowMs() + remainingMs, scopes: present.scopes, setCookie: undefined }
      }
      const { projectId, scopes } = allowedScopes(header, apiKey)
      const expiresUnixMs = clock.nowMs() + sessionMs
      const { key } = await keys.create({ name: 'console session', projectId, scopes, expiresUnixMs, tags: { kind: 'session' } })
      const setCookie = `${sessionCookie}=${key.reveal()}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${String(sessionMs / 1000)}`
      return { expiresAtUnixMs: expiresUnixMs, scopes, setCookie }
    },
    require: (request, scope) => {
      const header = headersOf(request)
      const record = accepted(bearerOf(header) ?? sessionKey(header))
      if (record === undefined) throw serverErrors.UNAUTHENTICATED()
      if (!record.scopes.includes(scope)) throw serverErrors.FORBIDDEN({ scope })
      return record
    },
  }
}
