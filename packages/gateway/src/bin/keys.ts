/** The `keys` commands: they work on the store itself, so that a running gateway learns of changes from it. */
import { systemClock, type SecretStore, type Store } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { createKeyRing, type KeyRing } from '../key/key-ring.ts'
import type { KeyRecord } from '../key/key-record.ts'
import type { Command } from './command-line.ts'
import { openStore } from './open-store.ts'

type KeysCommand = Extract<Command, { readonly kind: `keys-${string}` }>
type Print = (text: string) => void

const dayMs = 86_400_000
const day = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

function stateOf(record: KeyRecord, nowMs: number): string {
  if (record.revokedUnixMs !== undefined) return `revoked ${day(record.revokedUnixMs)}`
  if (record.expiresUnixMs === undefined) return 'valid'
  return record.expiresUnixMs <= nowMs ? `expired ${day(record.expiresUnixMs)}` : `valid until ${day(record.expiresUnixMs)}`
}

/** Hashes stay in the store: nobody needs them to tell keys apart. */
const shown = ({ hash: _hash, previous, ...record }: KeyRecord) => ({
  ...record,
  previous: previous?.map(({ prefix, validUntilUnixMs }) => ({ prefix, validUntilUnixMs })),
})

const line = (record: KeyRecord, nowMs: number): string =>
  [record.id, `${record.prefix}…`, record.name, record.projectId, record.models?.join(',') ?? 'all models', stateOf(record, nowMs)].join(
    '\t',
  )

async function create(ring: KeyRing, command: Extract<KeysCommand, { kind: 'keys-create' }>, print: Print): Promise<void> {
  const { name, project, user, models, scopes, expiresInDays } = command.key
  const { key, record } = await ring.create({
    name,
    projectId: project,
    userId: user,
    models,
    scopes,
    expiresUnixMs: expiresInDays === undefined ? undefined : systemClock.nowMs() + expiresInDays * dayMs,
  })
  if (command.json) print(JSON.stringify({ ...shown(record), key: key.reveal() }))
  else print(`${key.reveal()}\n\nThis is the only time that the key is shown. Its id is ${record.id}.`)
}

function list(ring: KeyRing, json: boolean, print: Print): void {
  const nowMs = systemClock.nowMs()
  for (const record of ring.list()) print(json ? JSON.stringify(shown(record)) : line(record, nowMs))
}

const unknownKey = (id: string) =>
  gatewayErrors.OPTION_INVALID({ option: `the ID '${id}'`, problem: 'belongs to no key; see bud-gateway keys list' })

async function revoke(ring: KeyRing, command: Extract<KeysCommand, { kind: 'keys-revoke' }>, print: Print): Promise<void> {
  const record = await ring.revoke(command.id)
  if (record === undefined) throw unknownKey(command.id)
  print(command.json ? JSON.stringify(shown(record)) : `${record.id} (${record.name}) is revoked`)
}

async function rotate(ring: KeyRing, command: Extract<KeysCommand, { kind: 'keys-rotate' }>, print: Print): Promise<void> {
  const shownOnce = await ring.rotate(command.id, { overlapMs: command.overlapMs })
  if (shownOnce === undefined) throw unknownKey(command.id)
  const { key, record } = shownOnce
  if (command.json) print(JSON.stringify({ ...shown(record), key: key.reveal() }))
  else print(`${key.reveal()}\n\nThis is the only time that the key is shown. Its id is still ${record.id}.`)
}

async function run(store: Store, command: KeysCommand, print: Print): Promise<void> {
  await using ring = createKeyRing({ store })
  await ring.ready
  switch (command.kind) {
    case 'keys-create':
      await create(ring, command, print)
      return
    case 'keys-list':
      list(ring, command.json, print)
      return
    case 'keys-rotate':
      await rotate(ring, command, print)
      return
    case 'keys-revoke':
      await revoke(ring, command, print)
  }
}

export async function runKeysCommand(command: KeysCommand, secrets: SecretStore, print: Print): Promise<void> {
  await using store = await openStore(command.store, secrets)
  await run(store, command, print)
}
