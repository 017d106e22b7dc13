/** The `keys` commands: they work on the store itself, so that a running gateway learns of changes from it. */
import { systemClock, type SecretStore } from '@bud-foundry/core'
import type { Admin, AdminResult } from '../admin/admin.ts'
import { gatewayErrors } from '../errors.ts'
import { administer, commandCaller } from './administration.ts'
import type { Command } from './command-line.ts'
import { limitText } from './limit-text.ts'
import { openStore } from './open-store.ts'
import { daysFromNow } from './parse-key.ts'

type KeysCommand = Extract<Command, { readonly kind: `keys-${string}` }>
type ShownKey = AdminResult<'getKey'>
type Print = (text: string) => void

const day = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

function stateOf(record: ShownKey, nowMs: number): string {
  if (record.revokedUnixMs !== undefined) return `revoked ${day(record.revokedUnixMs)}`
  if (record.expiresUnixMs === undefined) return 'valid'
  return record.expiresUnixMs <= nowMs ? `expired ${day(record.expiresUnixMs)}` : `valid until ${day(record.expiresUnixMs)}`
}

const models = (record: ShownKey): string => record.models?.join(',') ?? 'all models'
const limits = (record: ShownKey): string => record.limits?.map(limitText).join(' ') ?? 'no limits'

const line = (record: ShownKey, nowMs: number): string =>
  [record.id, `${record.prefix}…`, record.name, record.projectId, models(record), limits(record), stateOf(record, nowMs)].join('\t')

async function create(admin: Admin, { key, json }: Extract<KeysCommand, { kind: 'keys-create' }>, print: Print): Promise<void> {
  const { name, project, user, models: allowed, scopes, expiresInDays, limits: limited } = key
  const body = {
    name,
    projectId: project,
    userId: user,
    models: allowed && [...allowed],
    scopes: scopes && [...scopes],
    limits: limited && [...limited],
    expiresUnixMs: daysFromNow(systemClock.nowMs(), expiresInDays),
  }
  const made = await admin.call('createKey', { body }, commandCaller())
  print(json ? JSON.stringify(made) : `${made.key}\n\nThis is the only time that the key is shown. Its id is ${made.id}.`)
}

async function list(admin: Admin, json: boolean, print: Print): Promise<void> {
  const nowMs = systemClock.nowMs()
  const { data } = await admin.call('listKeys', {}, commandCaller())
  for (const record of data) print(json ? JSON.stringify(record) : line(record, nowMs))
}

/** What belongs to no key is the caller's to correct. */
function asUnknownKey(id: string) {
  return (error: unknown): never => {
    if (!gatewayErrors.ADMIN_NOT_FOUND.is(error)) throw error
    throw gatewayErrors.OPTION_INVALID({ option: `the ID '${id}'`, problem: 'belongs to no key; see bud-gateway keys list' })
  }
}

async function revoke(admin: Admin, { id, json }: Extract<KeysCommand, { kind: 'keys-revoke' }>, print: Print): Promise<void> {
  const record = await admin.call('revokeKey', { params: { id } }, commandCaller()).catch(asUnknownKey(id))
  print(json ? JSON.stringify(record) : `${record.id} (${record.name}) is revoked`)
}

async function rotate(admin: Admin, command: Extract<KeysCommand, { kind: 'keys-rotate' }>, print: Print): Promise<void> {
  const { id, overlapMs, json } = command
  const made = await admin.call('rotateKey', { params: { id }, body: { overlapMs } }, commandCaller()).catch(asUnknownKey(id))
  print(json ? JSON.stringify(made) : `${made.key}\n\nThis is the only time that the key is shown. Its id is still ${id}.`)
}

async function runOver(admin: Admin, command: KeysCommand, print: Print): Promise<void> {
  switch (command.kind) {
    case 'keys-create':
      await create(admin, command, print)
      return
    case 'keys-list':
      await list(admin, command.json, print)
      return
    case 'keys-rotate':
      await rotate(admin, command, print)
      return
    case 'keys-revoke':
      await revoke(admin, command, print)
  }
}

export async function runKeysCommand(command: KeysCommand, secrets: SecretStore, print: Print): Promise<void> {
  await using store = await openStore(command.store, secrets)
  await administer({ store }, ({ admin }) => runOver(admin, command, print))
}
