/** The commands for projects, users and credentials: they work on the store itself, and running gateways learn of changes from it. */
import { text } from 'node:stream/consumers'
import type { SecretStore } from '@bud-foundry/core'
import { generateEnvelopeKey } from '@bud-foundry/core/secret'
import type { Admin } from '../admin/admin.ts'
import { gatewayErrors } from '../errors.ts'
import type { OwnerRecord } from '../key/owner-record.ts'
import { administer, commandCaller } from './administration.ts'
import type { Command } from './command-line.ts'
import { limitText } from './limit-text.ts'
import { openStore } from './open-store.ts'
import { masterKeyId, openVault } from './open-vault.ts'

type Print = (text: string) => void
type OwnerCommand = Extract<Command, { readonly kind: 'owners' }>
type CredentialCommand = Extract<Command, { readonly kind: 'credentials' }>

const line = ({ id, name, disabled, limits = [] }: OwnerRecord): string =>
  [id, name, disabled ? 'disabled' : 'enabled', ...limits.map(limitText)].join('\t')

/** What is not there is the caller's to correct. */
function asUnknown(what: string, id: string) {
  return (error: unknown): never => {
    if (!gatewayErrors.ADMIN_NOT_FOUND.is(error)) throw error
    throw gatewayErrors.OPTION_INVALID({ option: `'${id}'`, problem: `belongs to nothing; see bud-gateway ${what} list` })
  }
}

const operationsOf = {
  projects: { create: 'createProject', list: 'listProjects', update: 'updateProject', delete: 'deleteProject' },
  users: { create: 'createUser', list: 'listUsers', update: 'updateUser', delete: 'deleteUser' },
} as const

export async function runOwnerCommand(command: OwnerCommand, secrets: SecretStore, print: Print): Promise<void> {
  await using store = await openStore(command.store, secrets)
  await administer({ store }, ({ admin }) => changeOwner(admin, command, print))
}

async function changeOwner(admin: Admin, { of, verb, id, name, limits }: OwnerCommand, print: Print): Promise<void> {
  const operations = operationsOf[of]
  const caller = commandCaller()
  switch (verb) {
    case 'create':
      print(line(await admin.call(operations.create, { body: { id, name, limits: limits && [...limits] } }, caller)))
      return
    case 'list':
      for (const record of (await admin.call(operations.list, {}, caller)).data) print(line(record))
      return
    case 'disable':
    case 'enable': {
      const input = { params: { id }, body: { disabled: verb === 'disable' } }
      print(line(await admin.call(operations.update, input, caller).catch(asUnknown(of, id))))
      return
    }
    case 'delete':
      await admin.call(operations.delete, { params: { id } }, caller).catch(asUnknown(of, id))
      print(`${id} is deleted`)
  }
}

/** `put` reads the secret from standard input: neither the list of processes nor the history of a shell sees it. */
export async function runCredentialCommand(command: CredentialCommand, secrets: SecretStore, print: Print): Promise<void> {
  await using store = await openStore(command.store, secrets)
  const credentials = await openVault(command.masterKey, store, secrets)
  await administer({ store, credentials }, ({ admin }) => changeCredential(admin, command, print))
}

async function changeCredential(admin: Admin, { verb, name }: CredentialCommand, print: Print): Promise<void> {
  const day = (unixMs: number): string => new Date(unixMs).toISOString()
  switch (verb) {
    case 'put': {
      const plain = (await text(process.stdin)).trim()
      if (plain === '') throw gatewayErrors.OPTION_INVALID({ option: 'standard input', problem: 'is empty; write the secret to it' })
      const { updatedUnixMs } = await admin.call('putCredential', { params: { name }, body: { secret: plain } }, commandCaller())
      print(`${name} is stored since ${day(updatedUnixMs)}; targets use it as credential:${name}`)
      return
    }
    case 'list':
      for (const each of (await admin.call('listCredentials', {}, commandCaller())).data)
        print([each.name, day(each.updatedUnixMs)].join('\t'))
      return
    case 'delete':
      await admin.call('deleteCredential', { params: { name } }, commandCaller()).catch(asUnknown('credentials', name))
      print(`${name} is deleted`)
  }
}

/** A new master key, as text. */
export const newMasterKey = async (): Promise<string> => (await generateEnvelopeKey(masterKeyId)).privateKey.reveal().trimEnd()
