/** A token for an EKS cluster: a signed request to STS that the cluster's authenticator sends itself. No command, no network. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Secret } from '@bud-foundry/core'
import { createSecret } from '@bud-foundry/core'

/** The authenticator refuses tokens that were signed longer ago (aws-iam-authenticator: 15 minutes), whatever they say themselves. */
export const eksTokenMs = 14 * 60_000

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken?: Secret | undefined
}

/** SHA-256 as the signer wants it. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key))
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

export interface EksTokenRequest {
  readonly clusterName: string
  readonly region: string
  readonly credentials: AwsCredentials
  readonly nowMs: number
}

/** `k8s-aws-v1.` and the address of the signed request, as `aws eks get-token` prints it. */
export async function createEksToken({ clusterName, region, credentials, nowMs }: EksTokenRequest): Promise<Secret> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const signer = new SignatureV4({
    service: 'sts',
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
  })
  const hostname = `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': clusterName },
  }
  const signed = await signer.presign(request, {
    expiresIn: 60,
    signingDate: new Date(nowMs),
    // Signed as a header that whoever sends the request adds: so a token is good for one cluster only.
    unhoistableHeaders: new Set(['x-k8s-aws-id']),
    unsignableHeaders: new Set(),
  })
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  )
  const address = `https://${hostname}/?${query.join('&')}`
  return createSecret(`k8s-aws-v1.${Buffer.from(address).toString('base64url')}`)
}
