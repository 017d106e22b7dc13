/** The RSA key that seals what the server stores: made at the first start, in a file that only its owner can read. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createSecret } from '@bud-foundry/core'
import { createEnvelope, generateEnvelopeKey, type Envelope } from '@bud-foundry/core/secret'
import type { DataDirectory } from './data-directory.ts'

const id = 'server-1'

export async function openEnvelope(directory: DataDirectory): Promise<Envelope> {
  const file = directory.file('master-key.pem')
  if (!existsSync(file)) {
    const { privateKey } = await generateEnvelopeKey(id)
    const next = `${file}.next`
    writeFileSync(next, privateKey.reveal(), { mode: 0o600 })
    renameSync(next, file)
  }
  return createEnvelope({ keys: [{ id, privateKey: createSecret(readFileSync(file, 'utf8')) }], activeKeyId: id })
}
