/** What a configuration file may hold: the gateway's configuration, and the sections `listen` and `upstream` of the process around it. */
import { z } from 'zod'
import { gatewayConfigSchema } from '../config.ts'

const positiveMs = z.number().positive()
/** `env:NAME`, `file:/path` (relative to the configuration), or the text itself. */
const referenceOrText = z.string().min(1)

const listenTlsSchema = z.strictObject({
  /** Certificate with its chain, and its key, as PEM. */
  cert: referenceOrText,
  key: referenceOrText,
  passphrase: referenceOrText.optional(),
  /** Authorities of client certificates. */
  ca: referenceOrText.optional(),
  /** Only callers with a certificate of `ca` are let in. */
  requestClientCert: z.boolean().default(false),
  minVersion: z.literal(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
})

/** Short words can be guessed; 24 characters of a random text cannot. */
export const adminCredentialLength = 24
const adminSchema = z.strictObject({
  /** Only this machine, unless another address is named. */
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  /** Opens the administrator's routes, as a bearer token: `env:NAME` or `file:/path`, or the text itself, of at least 24 characters. */
  credential: referenceOrText,
})

export const listenSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  tls: listenTlsSchema.optional(),
  headersTimeoutMs: positiveMs.optional(),
  requestTimeoutMs: positiveMs.optional(),
  keepAliveMs: positiveMs.optional(),
  handshakeTimeoutMs: positiveMs.optional(),
  headerBytes: z.int().min(1_024).optional(),
  headerCount: z.int().min(16).optional(),
  connections: z.int().min(1).optional(),
  /** The administrator's routes, below `/admin`, on an address of their own; absent: they do not exist. The TLS of `tls` holds here too. */
  admin: adminSchema.optional(),
})

const upstreamTlsSchema = z.strictObject({
  /** Authorities to trust, as PEM. */
  ca: referenceOrText.optional(),
  /** Whether the authorities that Node trusts count beside `ca`. */
  defaultAuthorities: z.boolean().default(true),
  /** Client certificate with its chain, and its key, as PEM. */
  cert: referenceOrText.optional(),
  key: referenceOrText.optional(),
  passphrase: referenceOrText.optional(),
})

const proxySchema = z.strictObject({
  http: referenceOrText.optional(),
  https: referenceOrText.optional(),
  /** Hosts that are reached directly. */
  except: z.array(z.string().min(1)).default([]),
  tls: upstreamTlsSchema.optional(),
})

/** `environment` takes HTTP_PROXY, HTTPS_PROXY and NO_PROXY; without it they are not looked at. */
const proxyChoice = z.union([z.literal(['none', 'environment']), proxySchema])

const originSchema = z.strictObject({ tls: upstreamTlsSchema.optional(), proxy: proxyChoice.optional() })

export const upstreamSchema = originSchema.extend({
  connections: z.int().min(1).optional(),
  keepAliveMs: positiveMs.optional(),
  /** Exceptions by origin, e.g. `https://engine.example:8443`. */
  origins: z
    .record(
      z.string().refine((origin) => URL.canParse(origin) && new URL(origin).origin === origin, {
        error: 'is not an origin: write scheme, host and port only, such as https://engine.example:8443',
      }),
      originSchema,
    )
    .default({}),
})

export const configFileSchema = gatewayConfigSchema.extend({
  listen: listenSchema.default(listenSchema.parse({})),
  upstream: upstreamSchema.default(upstreamSchema.parse({})),
  /** A module that exports `defineHooks({ … })`, relative to the configuration. Read when the process starts. */
  hooks: z.string().min(1).optional(),
})

/** What a configuration file exports or contains. */
export type ConfigFile = z.input<typeof configFileSchema>
export type ListenSection = z.output<typeof listenSchema>
export type UpstreamSection = z.output<typeof upstreamSchema>
export type UpstreamTlsSection = z.output<typeof upstreamTlsSchema>
export type ProxyChoice = z.output<typeof proxyChoice>
