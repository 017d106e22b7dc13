/** The sections `listen` and `upstream` with their references read, in the form that listener and transport take. */
import { createSecureContext, getCACertificates } from 'node:tls'
import type { ListenerTls, NodeListenerOptions } from '../node/node-listener.ts'
import type { OriginOptions, UpstreamProxy, UpstreamTls } from '../transport/origin-dispatcher.ts'
import type { UndiciTransportOptions } from '../transport/undici-transport.ts'
import type { ListenSection, ProxyChoice, UpstreamSection, UpstreamTlsSection } from './config-file-schema.ts'
import type { ReferenceReader } from './reference-reader.ts'

/** What the proxy setting `environment` looks at. */
export type Environment = Readonly<Record<string, string | undefined>>

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

interface PemParts {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly passphrase?: string | undefined
  readonly ca?: string | readonly string[] | undefined
}

/** Whether OpenSSL takes the parts together: PEM that is none, a key of another certificate and a wrong passphrase show here. */
function checkPem(reader: ReferenceReader, path: string, parts: PemParts): void {
  const { ca, ...own } = parts
  const problem = (field: string, error: unknown) => {
    const fix = 'give PEM text, the key that belongs to the certificate, and its passphrase if it has one'
    reader.problems.push({ path: `${path}.${field}`, message: `cannot be used: ${reasonOf(error)}`, fix })
  }
  try {
    createSecureContext({ ...own })
  } catch (error) {
    problem('cert', error)
  }
  const authorities = ca === undefined ? [] : typeof ca === 'string' ? [ca] : ca
  for (const authority of authorities) {
    try {
      if (!authority.includes('-----BEGIN')) throw new Error('it holds no PEM certificate')
      createSecureContext({ ca: authority })
    } catch (error) {
      problem('ca', error)
    }
  }
}

async function readParts(
  reader: ReferenceReader,
  path: string,
  section: Partial<Record<'cert' | 'key' | 'passphrase' | 'ca', string | undefined>>,
) {
  const [cert, key, passphrase, ca] = await Promise.all(
    (['cert', 'key', 'passphrase', 'ca'] as const).map((field) => reader.text(`${path}.${field}`, section[field])),
  )
  return { cert, key, passphrase, ca }
}

async function listenerTls(reader: ReferenceReader, section: NonNullable<ListenSection['tls']>): Promise<ListenerTls | undefined> {
  const path = 'listen.tls'
  const { cert, key, passphrase, ca } = await readParts(reader, path, section)
  if (section.requestClientCert && section.ca === undefined) {
    const fix = 'add it: the authorities of your callers, as PEM'
    reader.problems.push({ path: `${path}.ca`, message: 'is required with requestClientCert and missing', fix })
  }
  if (cert === undefined || key === undefined) return undefined
  checkPem(reader, path, { cert, key, passphrase, ca })
  return { cert, key, passphrase, ca, requestCert: section.requestClientCert, minVersion: section.minVersion }
}

/** Listener options of the section; `tls` is absent when it could not be read, which is then a problem of the reader. */
export async function readListenSection(reader: ReferenceReader, section: ListenSection): Promise<NodeListenerOptions> {
  const { tls, admin: _admin, ...plain } = section
  return { ...plain, tls: tls === undefined ? undefined : await listenerTls(reader, tls) }
}

async function upstreamTls(reader: ReferenceReader, path: string, section: UpstreamTlsSection): Promise<UpstreamTls> {
  const { cert, key, passphrase, ca } = await readParts(reader, path, section)
  checkPem(reader, path, { cert, key, passphrase, ca })
  if ((section.cert === undefined) !== (section.key === undefined)) {
    const missing = section.cert === undefined ? 'cert' : 'key'
    reader.problems.push({ path: `${path}.${missing}`, message: 'is missing', fix: 'give certificate and key together, or neither' })
  }
  const authorities = ca === undefined ? undefined : section.defaultAuthorities ? [...getCACertificates('default'), ca] : [ca]
  return { cert, key, passphrase, ca: authorities }
}

function environmentProxy(environment: Environment): UpstreamProxy {
  const read = (name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined
  const except = (read('NO_PROXY') ?? '').split(/[\s,]+/).filter((host) => host !== '')
  return { http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), except }
}

function checkProxyUrl(reader: ReferenceReader, path: string, url: string | undefined): void {
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return
  reader.problems.push({ path, message: 'is not the URL of an HTTP proxy', fix: 'write one such as http://proxy.example:3128' })
}

interface ProxyPlace {
  readonly path: string
  readonly environment: Environment
}

async function upstreamProxy(reader: ReferenceReader, place: ProxyPlace, choice: ProxyChoice): Promise<UpstreamProxy | 'none'> {
  if (choice === 'none') return 'none'
  const { path, environment } = place
  const proxy =
    choice === 'environment'
      ? environmentProxy(environment)
      : {
          http: await reader.text(`${path}.http`, choice.http),
          https: await reader.text(`${path}.https`, choice.https),
          except: choice.except,
          tls: choice.tls === undefined ? undefined : await upstreamTls(reader, `${path}.tls`, choice.tls),
        }
  checkProxyUrl(reader, choice === 'environment' ? 'HTTP_PROXY' : `${path}.http`, proxy.http)
  checkProxyUrl(reader, choice === 'environment' ? 'HTTPS_PROXY' : `${path}.https`, proxy.https)
  return proxy
}

type OriginSection = Pick<UpstreamSection, 'tls' | 'proxy'>

async function originOptions(reader: ReferenceReader, place: ProxyPlace, section: OriginSection): Promise<OriginOptions> {
  const { path, environment } = place
  return {
    tls: section.tls === undefined ? undefined : await upstreamTls(reader, `${path}.tls`, section.tls),
    proxy: section.proxy === undefined ? undefined : await upstreamProxy(reader, { path: `${path}.proxy`, environment }, section.proxy),
  }
}

/** Transport options of the section. */
export async function readUpstreamSection(
  reader: ReferenceReader,
  section: UpstreamSection,
  environment: Environment,
): Promise<UndiciTransportOptions> {
  const { connections, keepAliveMs } = section
  const origins: [string, OriginOptions][] = []
  for (const [origin, own] of Object.entries(section.origins)) {
    origins.push([origin, await originOptions(reader, { path: `upstream.origins.${origin}`, environment }, own)])
  }
  const general = await originOptions(reader, { path: 'upstream', environment }, section)
  return { ...general, connections, keepAliveMs, origins: Object.fromEntries(origins) }
}
