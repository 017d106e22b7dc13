/** The RSA key that seals what the server stores: given by the operator, or made at the first start and kept readable by its owner alone. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createEnvelope, generateEnvelopeKey, type Envelope } from '@bud-foundry/core/secret'
import type { DataDirectory } from './data-directory.ts'

const keyId = 'server-1'

export async function openEnvelope(directory: DataDirectory): Promise<Envelope> {
  const file = directory.file('master-key.pem')
  if (!existsSync(file)) {
    const { privateKeyPem } = await generateEnvelopeKey(keyId)
    const next = `${file}.next`
    writeFileSync(next, privateKeyPem, { mode: 0o600 })
    renameSync(next, file)
  }
  return createEnvelope({ keys: [{ id: keyId, pem: readFileSync(file, 'utf8') }], activeKeyId: keyId })
}
