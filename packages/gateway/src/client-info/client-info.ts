/** What an address and a user agent tell about a caller: country and program, looked up once and remembered. */
import { normalAddress } from '../blocking/address-set.ts'
import { LRUCache } from 'lru-cache'
import type { EventFacts } from '../governance/stage.ts'
import { clientInfoLimits } from './client-info-limits.ts'
import { readUserAgent, type ClientProgram } from './user-agent.ts'

/** Where an address is, as far as the database knows. */
export interface GeoPlace {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string | undefined
  /** ISO 3166-2 without the country, e.g. `CA` for California. */
  readonly region?: string | undefined
  readonly city?: string | undefined
}

/** Finds the place of an address: `openGeoDatabase` of `@bud-foundry/gateway/geoip`, or your own. Synchronous and quick. */
export interface GeoLookup {
  lookup(address: string): GeoPlace | undefined
}

/** As events tell it: the facts have fields of their own. */
export interface ClientInfo extends Pick<ClientProgram, 'clientName' | 'clientVersion'> {
  readonly facts: EventFacts
}

const isBrowser = ({ clientKind }: ClientProgram): boolean => clientKind !== undefined && clientKind !== 'program' && clientKind !== 'bot'

function toInfo({ country, region, city }: GeoPlace, program: ClientProgram): ClientInfo {
  const { clientName, clientVersion, clientKind, clientOs } = program
  const facts: EventFacts = {
    ...(country === undefined ? {} : { countryCode: country }),
    ...(region === undefined ? {} : { region }),
    ...(city === undefined ? {} : { city }),
    ...(clientKind === undefined ? {} : { deviceType: clientKind, isBot: clientKind === 'bot' }),
    ...(clientName === undefined || !isBrowser(program) ? {} : { browser: clientName }),
    ...(clientOs === undefined ? {} : { os: clientOs }),
  }
  return { clientName, clientVersion, facts }
}

export interface ClientInfoReader {
  place(address: string | undefined): GeoPlace
  program(userAgent: string | undefined): ClientProgram
  read(client: { readonly address: string | undefined; readonly userAgent: string | undefined }): ClientInfo
}

const nowhere: GeoPlace = {}
const nobody: ClientProgram = {}

/** Both caches are bounded; a caller that changes its user agent with every request costs itself no more than one look each. */
export function createClientInfoReader(geo?: GeoLookup): ClientInfoReader {
  const places = new LRUCache<string, GeoPlace>({ max: clientInfoLimits.addresses })
  const programs = new LRUCache<string, ClientProgram>({ max: clientInfoLimits.userAgents })

  const place = (address: string | undefined): GeoPlace => {
    if (geo === undefined || address === undefined) return nowhere
    const known = places.get(address)
    if (known !== undefined) return known
    const normal = normalAddress(address)
    const found = (normal === undefined ? undefined : geo.lookup(normal)) ?? nowhere
    places.set(address, found)
    return found
  }
  const program = (userAgent: string | undefined): ClientProgram => {
    if (userAgent === undefined || userAgent === '') return nobody
    const shown = userAgent.slice(0, clientInfoLimits.userAgentLength)
    const known = programs.get(shown)
    if (known !== undefined) return known
    const found = readUserAgent(shown)
    programs.set(shown, found)
    return found
  }
  return { place, program, read: ({ address, userAgent }) => toInfo(place(address), program(userAgent)) }
}
