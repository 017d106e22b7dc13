/** From words to administrative operations: `budgets`, `prices`, `spend`, `audit`, and `update` of keys, projects and users. */
import { systemClock } from '@bud-foundry/core'
import { parseLimits, windowOf } from './limit-text.ts'
import { dayText, readJson, readSecretWord, type OperationCommand } from './operation-command.ts'
import { amount, given, oneOf, parse, problem, recordFlags, required, storeOptions, whole, type StoreOptions } from './parse-words.ts'
import { checkScopes, daysFromNow, expiryDaysMax } from './parse-key.ts'

type Input = Omit<OperationCommand, 'kind' | 'store' | 'json'>
type RecordValues = { readonly json?: boolean | undefined } & Partial<Record<'data-dir' | 'store', string | undefined>>

const operation = (values: RecordValues, input: Input): OperationCommand => ({
  kind: 'operation',
  store: storeOptions(values) satisfies StoreOptions,
  json: values.json === true,
  ...input,
})

const outOf = (noun: string, verb: string | undefined, verbs: readonly string[]) =>
  problem(`${noun} ${verb ?? ''}`.trimEnd(), `is no command; use ${verbs.map((each) => `${noun} ${each}`).join(', ')}`)

/** `project:search`, `model:gpt-*` or `all`. */
function subjectOf(text: string): object {
  const [, kind, id] = /^(key|project|user|model):(.+)$/.exec(text) ?? []
  if (kind !== undefined) return { kind, id }
  if (text === 'all') return { kind: 'all' }
  throw problem('--subject', `is '${text}'; write key:ID, project:ID, user:ID, model:NAME or all`)
}

function putBudget(args: readonly string[]): OperationCommand {
  const flags = {
    ...recordFlags,
    name: { type: 'string' },
    subject: { type: 'string' },
    usd: { type: 'string' },
    window: { type: 'string' },
    'time-zone': { type: 'string' },
    'alert-percent': { type: 'string', multiple: true },
    stop: { type: 'boolean' },
    webhook: { type: 'string' },
    'webhook-credential': { type: 'string' },
  } as const
  const { values, positionals } = parse(args, flags, 1)
  const { webhook, 'webhook-credential': credential } = values
  const url = webhook === '-' ? readSecretWord('--webhook') : webhook
  const window = oneOf('--window', values.window, ['day', 'week', 'month'])
  const body = given({
    name: values.name,
    subject: subjectOf(required('--subject', values.subject)),
    limitUsd: required('--usd', amount('--usd', values.usd)),
    window: window === undefined ? undefined : windowOf(window, values['time-zone'] ?? 'UTC'),
    alertPercents: values['alert-percent']?.map((text) => required('--alert-percent', amount('--alert-percent', text))),
    stop: values.stop,
    webhook: url === undefined ? undefined : { url, ...given({ credential }) },
  })
  return operation(values, { operation: 'putBudget', input: { params: { id: required('the ID', positionals[0]) }, body } })
}

/** A command that takes an id alone. */
function byId(args: readonly string[], name: Input['operation']): OperationCommand {
  const { values, positionals } = parse(args, recordFlags, 1)
  return operation(values, { operation: name, input: { params: { id: required('the ID', positionals[0]) } } })
}

const listAll = (args: readonly string[], name: Input['operation']): OperationCommand =>
  operation(parse(args, recordFlags).values, { operation: name, input: {} })

function budgetsCommand([verb, ...args]: readonly string[]): OperationCommand {
  if (verb === 'list') return listAll(args, 'listBudgets')
  if (verb === 'show') return byId(args, 'getBudget')
  if (verb === 'put') return putBudget(args)
  if (verb === 'delete') return byId(args, 'deleteBudget')
  throw outOf('budgets', verb, ['list', 'show', 'put', 'delete'])
}

function putPrice(args: readonly string[]): OperationCommand {
  const flags = {
    ...recordFlags,
    file: { type: 'string' },
    model: { type: 'string' },
    target: { type: 'string' },
    input: { type: 'string' },
    output: { type: 'string' },
    'cached-input': { type: 'string' },
    'valid-from': { type: 'string' },
  } as const
  const { values, positionals } = parse(args, flags, 1)
  const params = { id: required('the ID', positionals[0]) }
  if (values.file !== undefined) {
    return operation(values, { operation: 'putPrice', input: { params, body: readJson('--file', values.file) } })
  }
  const { model, target: targetId } = values
  if ((model === undefined) === (targetId === undefined)) throw problem('--model', 'or --target is needed, one of them; or --file')
  const price = given({
    inputUsdPerMillionTokens: required('--input', amount('--input', values.input)),
    outputUsdPerMillionTokens: required('--output', amount('--output', values.output)),
    cachedInputUsdPerMillionTokens: amount('--cached-input', values['cached-input']),
  })
  const body = { subject: given({ model, targetId }), price, validFrom: values['valid-from'] ?? dayText() }
  return operation(values, { operation: 'putPrice', input: { params, body } })
}

function pricesCommand([verb, ...args]: readonly string[]): OperationCommand {
  if (verb === 'list') return listAll(args, 'listPrices')
  if (verb === 'put') return putPrice(args)
  if (verb === 'delete') return byId(args, 'deletePrice')
  throw outOf('prices', verb, ['list', 'put', 'delete'])
}

function spendCommand(args: readonly string[]): OperationCommand {
  const text = { type: 'string' } as const
  const flags = { ...recordFlags, from: text, to: text, by: text, project: text, user: text, key: text, model: text, target: text } as const
  const { values } = parse(args, flags)
  const { by, project, user, key, model, target } = values
  // This month, unless days are named.
  const query = { from: values.from ?? `${dayText().slice(0, 8)}01`, to: values.to ?? dayText() }
  return operation(values, { operation: 'getSpend', input: { query: { ...query, ...given({ by, project, user, key, model, target }) } } })
}

function auditCommand([verb, ...args]: readonly string[]): OperationCommand {
  if (verb !== 'list') throw outOf('audit', verb, ['list'])
  const text = { type: 'string' } as const
  const flags = { ...recordFlags, from: text, to: text, limit: text, action: text, actor: text, subject: text, outcome: text } as const
  const { from, to, limit, action, actor, subject, outcome, ...values } = parse(args, flags).values
  const query = given({ from, to, limit, action, actor, subject, outcome })
  return operation(values, { operation: 'listAudit', input: { query } })
}

const limitFlags = { limit: { type: 'string', multiple: true }, 'no-limits': { type: 'boolean' } } as const

/** Null takes the limits away. */
function limitsOf(values: { readonly limit?: string[] | undefined; readonly 'no-limits'?: boolean | undefined }) {
  if (values['no-limits'] === true && values.limit !== undefined) throw problem('--no-limits', 'and --limit exclude each other')
  return values['no-limits'] === true ? null : parseLimits(values.limit)
}

/** `keys update`: what is named replaces what was there. */
export function updateKey(args: readonly string[]): OperationCommand {
  const flags = {
    ...recordFlags,
    ...limitFlags,
    name: { type: 'string' },
    user: { type: 'string' },
    model: { type: 'string', multiple: true },
    'all-models': { type: 'boolean' },
    scope: { type: 'string', multiple: true },
    'expires-in-days': { type: 'string' },
    'never-expires': { type: 'boolean' },
  } as const
  const { values, positionals } = parse(args, flags, 1)
  const days = whole('--expires-in-days', values['expires-in-days'], [1, expiryDaysMax])
  const body = given({
    name: values.name,
    userId: values.user,
    models: values['all-models'] === true ? null : values.model,
    scopes: checkScopes(values.scope),
    limits: limitsOf(values),
    expiresUnixMs: values['never-expires'] === true ? null : daysFromNow(systemClock.nowMs(), days),
  })
  return operation(values, { operation: 'updateKey', input: { params: { id: required('the ID', positionals[0]) }, body } })
}

/** `projects update` and `users update`. */
export function updateOwner(of: 'projects' | 'users', args: readonly string[]): OperationCommand {
  const { values, positionals } = parse(args, { ...recordFlags, ...limitFlags, name: { type: 'string' } }, 1)
  const input = { params: { id: required('the ID', positionals[0]) }, body: given({ name: values.name, limits: limitsOf(values) }) }
  return operation(values, { operation: of === 'projects' ? 'updateProject' : 'updateUser', input })
}

export const operationNouns = ['budgets', 'prices', 'spend', 'audit'] as const

/** @throws GATEWAY_OPTION_INVALID naming the option and what to write. */
export function parseOperation(noun: (typeof operationNouns)[number], args: readonly string[]): OperationCommand {
  switch (noun) {
    case 'budgets':
      return budgetsCommand(args)
    case 'prices':
      return pricesCommand(args)
    case 'spend':
      return spendCommand(args)
    case 'audit':
      return auditCommand(args)
  }
}
