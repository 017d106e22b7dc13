/** From the words of the command line to a command with checked options. */
import type { Limit } from '../limit/limit-schema.ts'
import { parseLimits } from './limit-text.ts'
import type { CheckCommand } from './check.ts'
import type { OperationCommand } from './operation-command.ts'
import { checkScopes, expiryDaysMax } from './parse-key.ts'
import { operationNouns, parseOperation, updateKey, updateOwner } from './parse-operation.ts'
import { oneOf, parse, problem, recordFlags, required, storeFlags, storeOptions, whole, type StoreOptions } from './parse-words.ts'

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

  check --config FILE          says everything that is wrong with a configuration; --geo-database FILE where it has rules on countries

  keys create --name NAME      makes a virtual key and prints it, once
    --project ID --user ID --model NAME … --scope inference|metrics|admin … --expires-in-days N --limit LIMIT …
  keys list                    prints all keys; never the keys themselves
  keys update ID               changes what is named: --name, --user, --model …, --all-models, --scope …, --limit LIMIT …, --no-limits,
                               --expires-in-days N, --never-expires
  keys rotate ID               a new key in its place, printed once; --overlap-hours N keeps the old one valid that long
  keys revoke ID               every process refuses the key from then on
  projects create ID           --name NAME --limit LIMIT …; projects list, update ID, disable ID, enable ID, delete ID
  users …                      the same for users
  LIMIT                        requests=600/minute, tokens=1000000/day, concurrency=8, usd=50/month; ,model=NAME ,per-model ,name=NAME
                               ,time-zone=ZONE behind it; --limit replaces all limits of the record

  budgets put ID               --subject project:ID|user:ID|key:ID|model:NAME|all --usd N --window day|week|month --time-zone ZONE
                               --alert-percent N … --stop --webhook URL|- --webhook-credential NAME --name NAME
  budgets list, budgets show ID, budgets delete ID
  prices put ID                --model NAME or --target ID, --input USD --output USD --cached-input USD (per million tokens)
                               --valid-from DATE; or --file FILE with a whole entry as JSON
  prices list, prices delete ID
  spend                        --from DATE --to DATE --by day,project,user,key,model,target,price --project ID --user ID --key ID --model NAME
  audit list                   --from DATE --to DATE --limit N --action NAME --actor ID --subject ID --outcome success|refused|failed

  credentials put NAME         seals what comes on standard input; credentials list, credentials delete NAME
    --master-key REF           as above; bud-gateway master-key prints a new one
    --data-dir, --store        as above, for all of these
    --json                     prints JSON

  --help, --version`

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
  readonly limits: readonly Limit[] | undefined
}

interface OwnerCommand {
  readonly kind: 'owners'
  readonly of: 'projects' | 'users'
  readonly verb: 'create' | 'list' | 'disable' | 'enable' | 'delete'
  readonly store: StoreOptions
  /** Empty for `list`. */
  readonly id: string
  readonly name: string | undefined
  readonly limits: readonly Limit[] | undefined
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
  | CheckCommand
  | { readonly kind: 'keys-create'; readonly store: StoreOptions; readonly json: boolean; readonly key: NewKeyOptions }
  | { readonly kind: 'keys-list'; readonly store: StoreOptions; readonly json: boolean }
  | { readonly kind: 'keys-revoke'; readonly store: StoreOptions; readonly json: boolean; readonly id: string }
  | { readonly kind: 'keys-rotate'; readonly store: StoreOptions; readonly json: boolean; readonly id: string; readonly overlapMs: number }
  | OperationCommand
  | OwnerCommand
  | CredentialCommand

/** More workers than this share one machine badly. */
const workersMax = 256
const graceMsMax = 3_600_000
const overlapHoursMax = 8_760

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

function checkCommand(args: readonly string[]): CheckCommand {
  const { values } = parse(args, { config: { type: 'string', short: 'c' }, 'geo-database': { type: 'string' } })
  return { kind: 'check', config: required('--config', values.config), geoDatabase: values['geo-database'] }
}

function keysCommand([verb, ...args]: readonly string[]): Command {
  switch (verb) {
    case 'create': {
      const { values } = parse(args, {
        ...recordFlags,
        name: { type: 'string' },
        project: { type: 'string' },
        user: { type: 'string' },
        model: { type: 'string', multiple: true },
        scope: { type: 'string', multiple: true },
        'expires-in-days': { type: 'string' },
        limit: { type: 'string', multiple: true },
      })
      const key: NewKeyOptions = {
        name: required('--name', values.name),
        project: values.project,
        user: values.user,
        models: values.model,
        scopes: checkScopes(values.scope),
        expiresInDays: whole('--expires-in-days', values['expires-in-days'], [1, expiryDaysMax]),
        limits: parseLimits(values.limit),
      }
      return { kind: 'keys-create', store: storeOptions(values), json: values.json === true, key }
    }
    case 'list': {
      const { values } = parse(args, recordFlags)
      return { kind: 'keys-list', store: storeOptions(values), json: values.json === true }
    }
    case 'revoke': {
      const { values, positionals } = parse(args, recordFlags, 1)
      return { kind: 'keys-revoke', store: storeOptions(values), json: values.json === true, id: required('the ID', positionals[0]) }
    }
    case 'rotate': {
      const { values, positionals } = parse(args, { ...recordFlags, 'overlap-hours': { type: 'string' } }, 1)
      const overlapMs = (whole('--overlap-hours', values['overlap-hours'], [0, overlapHoursMax]) ?? 0) * 3_600_000
      return {
        kind: 'keys-rotate',
        store: storeOptions(values),
        json: values.json === true,
        id: required('the ID', positionals[0]),
        overlapMs,
      }
    }
    case 'update':
      return updateKey(args)
    default:
      throw problem(`keys ${verb ?? ''}`.trimEnd(), 'is no command; use keys create, keys list, keys update, keys rotate or keys revoke')
  }
}

const ownerVerbs = ['create', 'list', 'disable', 'enable', 'delete'] as const

function ownerCommand(of: 'projects' | 'users', [word, ...args]: readonly string[]): Command {
  if (word === 'update') return updateOwner(of, args)
  const verb = ownerVerbs.find((each) => each === word)
  if (verb === undefined) throw problem(`${of} ${word ?? ''}`.trimEnd(), `is no command; use ${ownerVerbs.join(', ')}, update after ${of}`)
  const { values, positionals } = parse(
    args,
    { ...storeFlags, name: { type: 'string' }, limit: { type: 'string', multiple: true } },
    verb === 'list' ? 0 : 1,
  )
  if (verb !== 'create' && values.limit !== undefined) throw problem('--limit', `has no place here; use ${of} update ID --limit …`)
  const id = verb === 'list' ? '' : required('the ID', positionals[0])
  return { kind: 'owners', of, verb, store: storeOptions(values), id, name: values.name, limits: parseLimits(values.limit) }
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
  const noun = operationNouns.find((each) => each === command)
  if (noun !== undefined) return parseOperation(noun, args)
  switch (command) {
    case '--version':
      return { kind: 'version' }
    case 'serve':
      return serveCommand(args)
    case 'check':
      return checkCommand(args)
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
      throw problem(
        `'${command}'`,
        'is no command; use serve, check, keys, projects, users, credentials, budgets, prices, spend, audit or master-key',
      )
  }
}
