/** Connects undici to allowed addresses only: the address that was checked is the one that is dialled, for every connection anew. */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import type { AddressPolicy } from './address-policy.ts'
import { ssrfErrors } from './ssrf-errors.ts'
import { ssrfLimits } from './ssrf-limits.ts'

/** All addresses of a host. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>

/** The system's resolver, hosts file included, in the order it gives. */
export const resolveBySystem: ResolveHost = async (hostname) => {
  const found = await systemLookup(hostname, { all: true, order: 'verbatim' })
  return found.map(({ address }) => address)
}

const refused = (hostname: string, reason: string) => ssrfErrors.URL_REFUSED({ url: hostname, reason })

/** One forbidden address refuses the whole host: a name with a public and a private side is an attack, or the operator's to allow. */
async function checkedAddresses(hostname: string, policy: AddressPolicy, resolve: ResolveHost): Promise<readonly string[]> {
  const addresses = await resolve(hostname)
  if (addresses.length === 0) throw ssrfErrors.URL_FETCH_FAILED({ url: hostname, problem: 'the name has no address' })
  for (const address of addresses) {
    const problem = policy.problem(hostname, address)
    if (problem !== undefined) throw refused(hostname, problem)
  }
  return addresses
}

/** What `net.connect` asks for an address, after the check and with no second question to DNS. */
function createLookup(policy: AddressPolicy, resolve: ResolveHost): LookupFunction {
  return (hostname, options, callback) => {
    checkedAddresses(hostname, policy, resolve).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (options.all === true || first === undefined) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error('the name could not be resolved', { cause: error }), [])
      },
    )
  }
}

/** A connector for an undici pool. An address in the URL is checked here, because `net.connect` looks up only names. */
export function createSafeConnector(build: typeof buildConnector, policy: AddressPolicy, resolve: ResolveHost): buildConnector.connector {
  const connect = build({ allowH2: false, timeout: ssrfLimits.connectMs, lookup: createLookup(policy, resolve) })
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '')
    const problem = isIP(hostname) === 0 ? undefined : policy.problem(hostname, hostname)
    if (problem === undefined) connect(options, callback)
    else queueMicrotask(() => callback(refused(hostname, problem), null))
  }
}
