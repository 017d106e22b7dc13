/** Which program a user agent names: browsers and bots by a library, everything else by the first product of RFC 9110. */
import bowser from 'bowser'
import { clientInfoLimits } from './client-info-limits.ts'

export interface ClientProgram {
  /** E.g. `Chrome`, `Googlebot`, `OpenAI/Python`, `curl`. */
  readonly clientName?: string | undefined
  readonly clientVersion?: string | undefined
  /** `program` is what is neither a browser nor a known bot: client libraries, command lines. */
  readonly clientKind?: 'desktop' | 'mobile' | 'tablet' | 'tv' | 'bot' | 'program' | undefined
  readonly clientOs?: string | undefined
}

const cut = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : text.slice(0, clientInfoLimits.wordLength)

/** `curl/8.5.0`, `OpenAI/Python 1.2.3` (the official clients put the language where others have the version), `node`. */
function readProduct(userAgent: string): ClientProgram {
  const [product = '', next = ''] = userAgent.split(' ', 2)
  const slash = product.indexOf('/')
  if (slash < 0) return { clientName: cut(product), clientKind: 'program' }
  const version = product.slice(slash + 1)
  if (/^v?\d/.test(version)) return { clientName: cut(product.slice(0, slash)), clientVersion: cut(version), clientKind: 'program' }
  return { clientName: cut(product), clientVersion: /^v?\d/.test(next) ? cut(next) : undefined, clientKind: 'program' }
}

type KnownKind = Exclude<ClientProgram['clientKind'], 'program' | undefined>
const knownKinds: ReadonlySet<string> = new Set<KnownKind>(['desktop', 'mobile', 'tablet', 'tv', 'bot'])
const isKnownKind = (type: string): type is KnownKind => knownKinds.has(type)

export function readUserAgent(userAgent: string): ClientProgram {
  const { browser, os, platform } = bowser.parse(userAgent)
  const type = platform.type ?? ''
  if (!isKnownKind(type)) return readProduct(userAgent)
  return { clientName: cut(browser.name), clientVersion: cut(browser.version), clientKind: type, clientOs: cut(os.name) }
}
