import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecret, isBudError } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { clusterErrors, connectKubernetes, type KubernetesApi, type WatchEvent } from '../../src/index.ts'

const never = new AbortController().signal
const canary = 'canary-token-93b1'
const open: { server: Server; api: KubernetesApi }[] = []

afterEach(async () => {
  for (const { server, api } of open.splice(0)) {
    await api[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
  }
})

async function connect(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<KubernetesApi> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const api = connectKubernetes({ kubeconfig: createSecret(kubeconfig(`http://127.0.0.1:${String(address.port)}`)) })
  open.push({ server, api })
  return api
}

const kubeconfig = (server: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: canary } }],
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
  })

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
const pods = { apiVersion: 'v1', kind: 'Pod', namespace: 'team' }
const pod = (name: string, resourceVersion: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'team', resourceVersion },
})

describe('HTTP client', () => {
  test('sends an apply as the server wants it, with the credentials of the kubeconfig', async () => {
    const seen: (string | undefined)[] = []
    const api = await connect((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization, request.headers['content-type'])
      json(response, 200, pod('a', '1'))
    })
    await api.apply({ ...pod('a', '1'), kind: 'Pod' }, { fieldManager: 'me', force: true, dryRun: true }, never)
    expect(seen).toEqual([
      'PATCH',
      '/api/v1/namespaces/team/pods/a?fieldManager=me&fieldValidation=Strict&force=true&dryRun=All',
      `Bearer ${canary}`,
      'application/apply-patch+yaml',
    ])
  })

  test('follows the pages of a list', async () => {
    const api = await connect((request, response) => {
      const second = request.url?.includes('continue=next') === true
      json(response, 200, {
        metadata: { resourceVersion: '9', ...(second ? {} : { continue: 'next' }) },
        items: [{ metadata: { name: second ? 'b' : 'a' } }],
      })
    })
    const { items, resourceVersion } = await api.list(pods, never)
    expect([items.map(({ kind, metadata }) => `${kind} ${metadata.name}`), resourceVersion]).toEqual([['Pod a', 'Pod b'], '9'])
  })

  test.each([
    [401, clusterErrors.KUBERNETES_FORBIDDEN],
    [403, clusterErrors.KUBERNETES_FORBIDDEN],
    [409, clusterErrors.KUBERNETES_CONFLICT],
    [410, clusterErrors.KUBERNETES_EXPIRED],
    [422, clusterErrors.KUBERNETES_REJECTED],
    [500, clusterErrors.KUBERNETES_FAILED],
  ])('turns status %i into an error of its own, with what the server said', async (status, factory) => {
    const api = await connect((_request, response) => json(response, status, { kind: 'Status', message: 'because of a reason' }))
    await expect(api.version(never)).rejects.toSatisfy(
      (error: unknown) => factory.is(error) && (status === 410 || error.message.includes('because of a reason')),
    )
  })

  test('reads events across the borders of chunks, and takes 410 in the stream for what it is', async () => {
    const lines = [
      { type: 'ADDED', object: pod('a', '1') },
      { type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'Pod', metadata: { resourceVersion: '2' } } },
      { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } },
    ].map((event) => `${JSON.stringify(event)}\n`)
    const api = await connect((_request, response) => {
      const text = lines.join('')
      response.write(text.slice(0, 40))
      setImmediate(() => response.end(text.slice(40)))
    })
    const seen: WatchEvent['type'][] = []
    const watching = (async () => {
      for await (const { type } of api.watch(pods, '0', never)) seen.push(type)
    })()
    await expect(watching).rejects.toSatisfy(clusterErrors.KUBERNETES_EXPIRED.is)
    expect(seen).toEqual(['added', 'bookmark'])
  })

  test.each(['<html>', '{"kind":1}', '[]', ''])('answers rubbish with an error, not a crash: %j', async (text) => {
    const api = await connect((_request, response) => response.end(text))
    await expect(api.read({ apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'team' }, never)).rejects.toSatisfy(isBudError)
  })

  test('says that a server is out of reach, without the credentials', async () => {
    const api = connectKubernetes({ kubeconfig: createSecret(kubeconfig('http://127.0.0.1:1')) })
    const error: unknown = await api.version(never).catch((reason: unknown) => reason)
    expect(error).toSatisfy(clusterErrors.KUBERNETES_UNREACHABLE.is)
    expect(String(error) + JSON.stringify(error)).not.toContain(canary)
    await api[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
  })
})

describe('kubeconfig', () => {
  test.each([
    ['not YAML', `users: [${canary}`, 'it is not a kubeconfig'],
    ['an address of another kind', kubeconfig('file:///etc/passwd'), 'is no address beginning with https://'],
    ['no address', kubeconfig('not a url'), 'is no address beginning with https://'],
    ['credentials in its address', kubeconfig(`https://admin:${canary}@127.0.0.1:1`), 'carries credentials, which belong to its user'],
    ['empty', '{}', 'cannot be used'],
  ])('that is %s is refused without a word of its content', (_name, text, message) => {
    const connecting = () => connectKubernetes({ kubeconfig: createSecret(text) })
    expect(connecting).toThrow(
      expect.toSatisfy((error: Error) => clusterErrors.KUBECONFIG_INVALID.is(error) && error.message.includes(message)),
    )
    expect(connecting).toThrow(expect.toSatisfy((error: Error) => !`${error.message}${String(error.cause)}`.includes(canary)))
  })

  test('that would send its token over plain HTTP by mistake is refused', async () => {
    const text = kubeconfig('http://127.0.0.1:1').replace(',"insecure-skip-tls-verify":true', '')
    const api = connectKubernetes({ kubeconfig: createSecret(text) })
    await expect(api.version(never)).rejects.toSatisfy(clusterErrors.KUBECONFIG_INVALID.is)
    await api[Symbol.asyncDispose]()
  })

  test('without the context that is asked for says which there are', () => {
    const connecting = () => connectKubernetes({ kubeconfig: createSecret(kubeconfig('http://127.0.0.1:1')), context: 'b' })
    expect(connecting).toThrow("it has no context 'b', only 'a'")
  })
})

describe('credentials that end', () => {
  test('are fetched anew before they do, and not before', async () => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization)
      json(response, 200, { gitVersion: 'v1.36.0' })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    const url = `http://127.0.0.1:${String(address.port)}`
    const clock = createFakeClock()
    let fetched = 0
    const api = connectKubernetes({
      kubeconfig: createSecret(kubeconfig(url)),
      renewal: {
        everyMs: 840_000,
        clock,
        fetch: () => {
          fetched += 1
          return Promise.resolve(createSecret(kubeconfig(url).replace(canary, `renewed-${String(fetched)}`)))
        },
      },
    })
    open.push({ server, api })
    await api.version(never)
    await clock.advance(839_999)
    await api.version(never)
    await clock.advance(1)
    await api.version(never)
    await api.version(never)
    expect(seen).toEqual([`Bearer ${canary}`, `Bearer ${canary}`, 'Bearer renewed-1', 'Bearer renewed-1'])
  })
})

describe('kinds that only the server knows', () => {
  test('are asked for once, and an unknown one is an error of ours', async () => {
    const seen: string[] = []
    const api = await connect((request, response) => {
      seen.push(request.url ?? '')
      if (request.url === '/apis/example.test/v1') {
        const resources = [
          { kind: 'Widget', name: 'widgetry', namespaced: true },
          { kind: 'Widget', name: 'widgetry/status', namespaced: true },
        ]
        json(response, 200, { resources })
      } else if (request.url?.startsWith('/apis/example.test/v1/') === true) json(response, 404, {})
      else json(response, 404, { message: 'no' })
    })
    const reference = { apiVersion: 'example.test/v1', kind: 'Widget', name: 'a', namespace: 'team' }
    await api.read(reference, never)
    await api.read(reference, never)
    expect(seen).toEqual([
      '/apis/example.test/v1',
      '/apis/example.test/v1/namespaces/team/widgetry/a',
      '/apis/example.test/v1/namespaces/team/widgetry/a',
    ])
    await expect(api.read({ ...reference, kind: 'Gadget' }, never)).rejects.toSatisfy(clusterErrors.KIND_UNKNOWN.is)
  })
})

describe('a server that is not ready yet', () => {
  test('is asked again, a few times', async () => {
    let asked = 0
    const api = await connect((_request, response) => {
      asked += 1
      if (asked < 3) response.writeHead(asked === 1 ? 429 : 503, { 'retry-after': '0' }).end('storage is (re)initializing')
      else json(response, 200, { gitVersion: 'v1.36.0' })
    })
    expect(await api.version(never)).toBe('v1.36.0')
    const busy = await connect((_request, response) => response.writeHead(429, { 'retry-after': '0' }).end('no'))
    await expect(busy.version(never)).rejects.toSatisfy(clusterErrors.KUBERNETES_FAILED.is)
  })
})

describe('connections', () => {
  test('are used again, and made anew when the server no longer takes their credentials', async () => {
    let refuses = false
    const api = await connect((_request, response) => {
      json(response, refuses ? 401 : 200, refuses ? { message: 'Unauthorized' } : { gitVersion: 'v1.36.0' })
    })
    const server = open.at(-1)?.server
    let connections = 0
    server?.on('connection', () => (connections += 1))
    for (let request = 0; request < 20; request += 1) await api.version(never)
    // A second one may begin while an answer is still being read.
    expect(connections).toBeLessThanOrEqual(2)
    const before = connections
    refuses = true
    await expect(api.version(never)).rejects.toSatisfy(clusterErrors.KUBERNETES_FORBIDDEN.is)
    refuses = false
    await api.version(never)
    expect(connections).toBe(before + 1)
  })
})
