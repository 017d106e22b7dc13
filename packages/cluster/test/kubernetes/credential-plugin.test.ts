import { once } from 'node:events'
import { createServer } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import { createSecret } from '@bud-foundry/core'
import { afterEach, describe, expect, test } from 'vitest'
import { clusterErrors, connectKubernetes, createHttpKubernetesApi } from '../../src/index.ts'
import { takeOverPlugins } from '../../src/kubernetes/credential-plugin.ts'

const never = new AbortController().signal
const closing: (() => PromiseLike<void> | void)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const kubeconfig = (server: string, command: string, args: readonly string[]) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [
      {
        name: 'u',
        user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, env: [{ name: 'GIVEN', value: 'canary-7c' }] } },
      },
    ],
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
  })

const program = (text: string) => [process.execPath, ['--eval', text]] as const

async function connect(command: string, args: readonly string[], limitMs?: number) {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end(JSON.stringify({ gitVersion: 'v1.36.0' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const text = kubeconfig(`http://127.0.0.1:${String(address.port)}`, command, args)
  const config = new KubeConfig()
  config.loadFromString(text)
  takeOverPlugins(config, limitMs)
  const api = limitMs === undefined ? connectKubernetes({ kubeconfig: createSecret(text) }) : createHttpKubernetesApi(config)
  closing.push(
    () => api[Symbol.asyncDispose](),
    () => {
      server.closeAllConnections()
      server.close()
    },
  )
  return { api, seen }
}

describe('a credential plugin', () => {
  const answer = (status: string) =>
    `const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO); console.log(JSON.stringify({ status: { token: process.env.GIVEN + spec.interactive + process.pid, ${status} } }))`

  test('gives the token, and is run once for as long as it lasts', async () => {
    const { api, seen } = await connect(...program(answer('expirationTimestamp: "2999-01-01T00:00:00Z"')))
    await Promise.all([api.version(never), api.version(never)])
    await api.version(never)
    expect(seen[0]).toMatch(/^Bearer canary-7cfalse\d+$/)
    expect(new Set(seen).size).toBe(1)
    const old = await connect(...program(answer('expirationTimestamp: "2001-01-01T00:00:00Z"')))
    await old.api.version(never)
    await old.api.version(never)
    expect(new Set(old.seen).size).toBe(2)
  })

  test.each<[string, readonly [string, readonly string[]], RegExp]>([
    ['does not end', program('setInterval(() => {}, 1000)'), /node' has not ended within 0.5 s; does it wait for a login\?/],
    ['is not there', ['/nowhere/aws-iam', []], /plugin '\/nowhere\/aws-iam' is not there/],
    ['fails', program('console.error(process.env.GIVEN); process.exit(3)'), /has failed \(exit code 3\)/],
    ['answers something else', program('console.log(process.env.GIVEN)'), /has not answered with an ExecCredential/],
  ])('that %s is named, without what it was given', async (name, [command, args], message) => {
    const { api } = await connect(command, args, name === 'does not end' ? 500 : 20_000)
    const error: unknown = await api.version(never).catch((reason: unknown) => reason)
    expect(error).toSatisfy(clusterErrors.KUBECONFIG_INVALID.is)
    expect(String(error)).toMatch(message)
    expect(String(error) + JSON.stringify(error)).not.toContain('canary-7c')
  })
})
