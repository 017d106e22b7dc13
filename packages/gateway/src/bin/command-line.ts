/** From the words of the command line to a command with checked options. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { gatewayErrors } from '../errors.ts'

export const usage = `Usage: bud-gateway <command> [options]

  serve --config FILE          starts the gateway
    --host, --port             in place of listen.host and listen.port of the file
    --workers N                that many processes share the port and all limits, default 1
    --data-dir DIR             where keys are kept, default ./bud-gateway-data
    --store URL                keeps them in Valkey or Redis instead, for several machines: valkey://host:6379, or env:NAME
    --events FILE              appends one line of JSON per request; - writes to standard output
    --geo-database FILE        where addresses are (.mmdb), for rules on countries and for events; needs the package maxmind
    --log-format json|human    default json
    --log-level LEVEL          debug, info, warn, error or silent; default info
    --master-key REF           env:NAME or file:PATH of the key that seals stored credentials, which targets then name as credential:NAME
    --grace-ms MS              how long requests may go on after SIGTERM, default 8000
    --no-watch                 reloads on SIGHUP only, not when the file changes

  check --config FILE          says everything that is wrong with a configuration

  keys create --name NAME      makes a virtual key and prints it, once
    --project ID --user ID --model NAME … --scope NAME … --expires-in-days N
  keys list                    prints all keys; never the keys themselves
  keys rotate ID               a new key in its place, printed once; --overlap-hours N keeps the old one valid that long
  keys revoke ID               every process refuses the key from then on
  projects create ID --name NAME, projects list, projects disable ID, projects enable ID, projects delete ID
  users …                      the same for users
  credentials put NAME         seals what comes on standard input; credentials list, credentials delete NAME
    --master-key REF           as above; bud-gateway master-key prints a new one
    --data-dir, --store        as above
    --json                     prints JSON

  --help, --version`

export interface StoreOptions {
  readonly dataDir: string
  readonly store: string | undefined
}

export interface ServeOptions extends StoreOptions {
  readonly config: string
  readonly host: string | undefined
  readonly port: number | undefined
  readonly workers: number
  readonly events: string | undefined
  readonly geoDatabase?: string | undefined
  readonly masterKey?: string | undefined
  readonly logFormat: 'json' | 'human'
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly graceMs: number
  readonly watch: boolean
}

export interface NewKeyOptions {
  readonly name: string
  readonly project: string | undefined
  readonly user: string | undefined
  readonly models: readonly string[] | undefined
  readonly scopes: readonly string[] | undefined
  readonly expiresInDays: number | undefined
}

interface OwnerCommand {
  readonly kind: 'owners'
  readonly of: 'projects' | 'users'
  readonly verb: 'create' | 'list' | 'disable' | 'enable' | 'delete'
  readonly store: StoreOptions
  /** Empty for `list`. */
  readonly id: string
  readonly name: string | undefined
}

interface CredentialCommand {
  readonly kind: 'credentials'
  readonly verb: 'put' | 'list' | 'delete'
  readonly store: StoreOptions
  readonly masterKey: string
  /** Empty for `list`. */
  readonly name: string
}

export type Command =
  | { readonly kind: 'help' | 'version' | 'master-key' }
  | { readonly kind: 'serve'; readonly options: ServeOptions }
  | { readonly kind: 'check'; readonly config: string }
  | { readonly kind: 'keys-create'; readonly store: StoreOptions; readonly json: boolean; readonly key: NewKeyOptions }
  | { readonly kind: 'keys-list'; readonly store: StoreOptions; readonly json: boolean }
  | { readonly kind: 'keys-revoke'; readonly store: StoreOptions; readonly json: boolean; readonly id: string }
  | { readonly kind: 'keys-rotate'; readonly store: StoreOptions; readonly json: boolean; readonly id: string; readonly overlapMs: number }
  | OwnerCommand
  | CredentialCommand

/** More workers than this share one machine badly. */
const workersMax = 256
const graceMsMax = 3_600_000
const expiryDaysMax = 3_650
const overlapHoursMax = 8_760

const storeFlags = { 'data-dir': { type: 'string' }, store: { type: 'string' } } as const
const keyFlags = { ...storeFlags, json: { type: 'boolean' } } as const

const problem = (option: string, text: string) => gatewayErrors.OPTION_INVALID({ option, problem: text })

function whole(option: string, text: string | undefined, range: readonly [number, number]): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= range[0] && value <= range[1]) return value
  throw problem(option, `is '${text}'; write a whole number from ${String(range[0])} to ${String(range[1])}`)
}

function oneOf<const Choice extends string>(option: string, text: string | undefined, choices: readonly Choice[]): Choice | undefined {
  if (text === undefined) return undefined
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw problem(option, `is '${text}'; use one of ${choices.join(', ')}`)
  return found
}

function required(option: string, text: string | undefined): string {
  if (text === undefined || text === '') throw problem(option, 'is missing; add it, or see bud-gateway --help')
  return text
}

function parse<const Options extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: Options, positionals = 0) {
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: positionals > 0 })
  } catch (error) {
    // parseArgs says which option is wrong, and how.
    throw problem('the command line:', error instanceof Error ? error.message : String(error))
  }
  if (parsed.positionals.length > positionals) throw problem(`'${parsed.positionals.at(-1) ?? ''}'`, 'is one word too many; remove it')
  return parsed
}

const storeOptions = (values: { readonly 'data-dir'?: string | undefined; readonly store?: string | undefined }): StoreOptions => ({
  dataDir: values['data-dir'] ?? 'bud-gateway-data',
  store: values.store,
})

function serveCommand(args: readonly string[]): Command {
  const { values } = parse(args, {
    ...storeFlags,
    config: { type: 'string', short: 'c' },
    host: { type: 'string' },
    port: { type: 'string' },
    workers: { type: 'string' },
    events: { type: 'string' },
    'geo-database': { type: 'string' },
    'master-key': { type: 'string' },
    'log-format': { type: 'string' },
    'log-level': { type: 'string' },
    'grace-ms': { type: 'string' },
    'no-watch': { type: 'boolean' },
  })
  const options: ServeOptions = {
    ...storeOptions(values),
    config: required('--config', values.config),
    host: values.host,
    port: whole('--port', values.port, [0, 65_535]),
    workers: whole('--workers', values.workers, [1, workersMax]) ?? 1,
    events: values.events,
    ...(values['geo-database'] === undefined ? {} : { geoDatabase: values['geo-database'] }),
    ...(values['master-key'] === undefined ? {} : { masterKey: values['master-key'] }),
    logFormat: oneOf('--log-format', values['log-format'], ['json', 'human']) ?? 'json',
    logLevel: oneOf('--log-level', values['log-level'], ['debug', 'info', 'warn', 'error', 'silent']) ?? 'info',
    graceMs: whole('--grace-ms', values['grace-ms'], [0, graceMsMax]) ?? 8_000,
    watch: values['no-watch'] !== true,
  }
  return { kind: 'serve', options }
}

function keysCommand([verb, ...args]: readonly string[]): Command {
  switch (verb) {
    case 'create': {
      const { values } = parse(args, {
        ...keyFlags,
        name: { type: 'string' },
        project: { type: 'string' },
        user: { type: 'string' },
        model: { type: 'string', multiple: true },
        scope: { type: 'string', multiple: true },
        'expires-in-days': { type: 'string' },
      })
      const key: NewKeyOptions = {
        name: required('--name', values.name),
        project: values.project,
        user: values.user,
        models: values.model,
        scopes: values.scope,
        expiresInDays: whole('--expires-in-days', values['expires-in-days'], [1, expiryDaysMax]),
      }
      return { kind: 'keys-create', store: storeOptions(values), json: values.json === true, key }
    }
    case 'list': {
      const { values } = parse(args, keyFlags)
      return { kind: 'keys-list', store: storeOptions(values), json: values.json === true }
    }
    case 'revoke': {
      const { values, positionals } = parse(args, keyFlags, 1)
      return { kind: 'keys-revoke', store: storeOptions(values), json: values.json === true, id: required('the ID', positionals[0]) }
    }
    case 'rotate': {
      const { values, positionals } = parse(args, { ...keyFlags, 'overlap-hours': { type: 'string' } }, 1)
      const overlapMs = (whole('--overlap-hours', values['overlap-hours'], [0, overlapHoursMax]) ?? 0) * 3_600_000
      return {
        kind: 'keys-rotate',
        store: storeOptions(values),
        json: values.json === true,
        id: required('the ID', positionals[0]),
        overlapMs,
      }
    }
    default:
      throw problem(`keys ${verb ?? ''}`.trimEnd(), 'is no command; use keys create, keys list, keys rotate or keys revoke')
  }
}

const ownerVerbs = ['create', 'list', 'disable', 'enable', 'delete'] as const

function ownerCommand(of: 'projects' | 'users', [word, ...args]: readonly string[]): Command {
  const verb = ownerVerbs.find((each) => each === word)
  if (verb === undefined) throw problem(`${of} ${word ?? ''}`.trimEnd(), `is no command; use ${ownerVerbs.join(', ')} after ${of}`)
  const { values, positionals } = parse(args, { ...storeFlags, name: { type: 'string' } }, verb === 'list' ? 0 : 1)
  const id = verb === 'list' ? '' : required('the ID', positionals[0])
  return { kind: 'owners', of, verb, store: storeOptions(values), id, name: values.name }
}

const credentialVerbs = ['put', 'list', 'delete'] as const

function credentialCommand([word, ...args]: readonly string[]): Command {
  const verb = credentialVerbs.find((each) => each === word)
  if (verb === undefined)
    throw problem(`credentials ${word ?? ''}`.trimEnd(), `is no command; use ${credentialVerbs.join(', ')} after credentials`)
  const { values, positionals } = parse(args, { ...storeFlags, 'master-key': { type: 'string' } }, verb === 'list' ? 0 : 1)
  const name = verb === 'list' ? '' : required('the NAME', positionals[0])
  return { kind: 'credentials', verb, store: storeOptions(values), masterKey: required('--master-key', values['master-key']), name }
}

/** @throws GATEWAY_OPTION_INVALID naming the option and what to write. */
export function parseCommand([command, ...args]: readonly string[]): Command {
  if (command === undefined || command === '--help' || command === '-h' || args.includes('--help')) return { kind: 'help' }
  switch (command) {
    case '--version':
      return { kind: 'version' }
    case 'serve':
      return serveCommand(args)
    case 'check':
      return { kind: 'check', config: required('--config', parse(args, { config: { type: 'string', short: 'c' } }).values.config) }
    case 'keys':
      return keysCommand(args)
    case 'projects':
    case 'users':
      return ownerCommand(command, args)
    case 'credentials':
      return credentialCommand(args)
    case 'master-key':
      return { kind: 'master-key' }
    default:
      throw problem(`'${command}'`, 'is no command; use serve, check, keys, projects, users, credentials or master-key')
  }
}
