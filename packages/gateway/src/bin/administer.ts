/** The commands for projects, users and credentials: they work on the store itself, and running gateways learn of changes from it. */
import { text } from 'node:stream/consumers'
import { createSecret, type SecretStore } from '@bud-foundry/core'
import { generateEnvelopeKey } from '@bud-foundry/core/secret'
import { gatewayErrors } from '../errors.ts'
import { createKeyRing } from '../key/key-ring.ts'
import type { OwnerRecord } from '../key/owner-record.ts'
import type { Command } from './command-line.ts'
import { openStore } from './open-store.ts'
import { masterKeyId, openVault } from './open-vault.ts'

type Print = (text: string) => void
type OwnerCommand = Extract<Command, { readonly kind: 'owners' }>
type CredentialCommand = Extract<Command, { readonly kind: 'credentials' }>

const line = ({ id, name, disabled }: OwnerRecord): string => [id, name, disabled ? 'disabled' : 'enabled'].join('\t')

function known<Found>(found: Found | undefined | false, what: string, id: string): Found {
  if (found !== undefined && found !== false) return found
  throw gatewayErrors.OPTION_INVALID({ option: `'${id}'`, problem: `belongs to nothing; see bud-gateway ${what} list` })
}

export async function runOwnerCommand(command: OwnerCommand, secrets: SecretStore, print: Print): Promise<void> {
  const { of, verb, id, name } = command
  await using store = await openStore(command.store, secrets)
  await using ring = createKeyRing({ store })
  await ring.ready
  const book = ring[of]
  switch (verb) {
    case 'create':
      print(line(await book.create({ id, name })))
      return
    case 'list':
      for (const record of book.list()) print(line(record))
      return
    case 'disable':
    case 'enable':
      print(line(known(await book.update(id, { disabled: verb === 'disable' }), of, id)))
      return
    case 'delete':
      known(await book.delete(id), of, id)
      print(`${id} is deleted`)
  }
}

/** `put` reads the secret from standard input: neither the list of processes nor the history of a shell sees it. */
export async function runCredentialCommand(command: CredentialCommand, secrets: SecretStore, print: Print): Promise<void> {
  const { verb, name, masterKey } = command
  await using store = await openStore(command.store, secrets)
  const vault = await openVault(masterKey, store, secrets)
  const day = (unixMs: number): string => new Date(unixMs).toISOString()
  switch (verb) {
    case 'put': {
      const plain = (await text(process.stdin)).trim()
      if (plain === '') throw gatewayErrors.OPTION_INVALID({ option: 'standard input', problem: 'is empty; write the secret to it' })
      const { updatedUnixMs } = await vault.put(name, createSecret(plain))
      print(`${name} is stored since ${day(updatedUnixMs)}; targets use it as credential:${name}`)
      return
    }
    case 'list':
      for (const each of await vault.list()) print([each.name, day(each.updatedUnixMs)].join('\t'))
      return
    case 'delete':
      known(await vault.delete(name), 'credentials', name)
      print(`${name} is deleted`)
  }
}

/** A new master key, as text. */
export const newMasterKey = async (): Promise<string> => (await generateEnvelopeKey(masterKeyId)).privateKey.reveal().trimEnd()
