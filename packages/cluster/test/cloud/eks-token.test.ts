import { createHash, createHmac } from 'node:crypto'
import { createSecret } from '@bud-foundry/core'
import { describe, expect, test } from 'vitest'
import { createEksToken } from '../../src/eks.ts'

const secret = 'wJalrXUtnFEMI/canary'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: createSecret(secret) }
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

describe('a token for EKS', () => {
  test('is a request to STS, signed for this cluster and this minute', async () => {
    const token = await createEksToken({ clusterName: 'lab', region: 'eu-central-1', credentials, nowMs: Date.UTC(2026, 0, 2, 3, 4, 5) })
    const [prefix, encoded = ''] = token.reveal().split(/\.(.*)/s)
    expect(prefix).toBe('k8s-aws-v1')
    const url = new URL(Buffer.from(encoded, 'base64url').toString())
    expect(url.origin).toBe('https://sts.eu-central-1.amazonaws.com')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'GetCallerIdentity',
      'X-Amz-Date': '20260102T030405Z',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      'X-Amz-Credential': 'AKIDEXAMPLE/20260102/eu-central-1/sts/aws4_request',
    })
    // AWS Signature Version 4, computed here from its specification.
    const signature = url.searchParams.get('X-Amz-Signature')
    const query = [...url.searchParams]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .toSorted()
      .join('&')
    const empty = createHash('sha256').update('').digest('hex')
    const request = ['GET', '/', query, `host:${url.host}`, 'x-k8s-aws-id:lab', '', 'host;x-k8s-aws-id', empty].join('\n')
    const scope = '20260102/eu-central-1/sts/aws4_request'
    const text = ['AWS4-HMAC-SHA256', '20260102T030405Z', scope, createHash('sha256').update(request).digest('hex')].join('\n')
    const key = ['eu-central-1', 'sts', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${secret}`, '20260102'))
    expect(signature).toBe(createHmac('sha256', key).update(text).digest('hex'))
    expect(url.href).not.toContain('canary')
  })

  test('hides itself from logs', async () => {
    const token = await createEksToken({ clusterName: 'lab', region: 'us-east-1', credentials, nowMs: 0 })
    expect(`${String(token)} ${JSON.stringify({ token })}`).not.toContain('k8s-aws-v1')
  })
})
