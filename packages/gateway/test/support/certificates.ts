/** Certificates of a private authority, made anew for each test run. */
import { generate } from 'selfsigned'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

const names = {
  name: 'subjectAltName',
  altNames: [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ],
} as const
const settings = { keyType: 'ec', algorithm: 'sha256' } as const

export async function createAuthority(name = 'test authority'): Promise<Certificate> {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ] as const
  const made = await generate([{ name: 'commonName', value: name }], { ...settings, extensions: [...extensions] })
  return { cert: made.cert, key: made.private }
}

/** For 127.0.0.1 and localhost, for servers and clients alike. */
export async function createCertificate(authority: Certificate, name = 'localhost'): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...settings,
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { ...names, altNames: [...names.altNames] },
    ],
  })
  return { cert: made.cert, key: made.private }
}
