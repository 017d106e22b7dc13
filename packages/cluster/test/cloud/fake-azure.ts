/** The part of Azure Resource Manager that AKS needs, over HTTPS: long-running operations, paging, tags. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { generate } from 'selfsigned'

interface Stored {
  readonly body: Record<string, unknown> & { readonly properties: Record<string, unknown> }
  /** Looks until what was asked for is done. */
  looks: number
}

export interface FakeAzure extends AsyncDisposable {
  readonly url: string
  readonly certificate: string
  readonly requests: string[]
  readonly authorizations: Set<string>
  readonly things: Map<string, Stored>
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  // Safe: only the SDK writes here.
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body === undefined ? undefined : JSON.stringify(body))

export async function createFakeAzure(): Promise<FakeAzure> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  const things = new Map<string, Stored>()
  const requests: string[] = []
  const authorizations = new Set<string>()
  let url = ''

  /** A cluster that goes takes its pools along. */
  const look = (path: string): Stored | undefined => {
    const thing = things.get(path)
    if (thing === undefined || thing.looks === 0) return thing
    thing.looks -= 1
    if (thing.looks > 0) return thing
    if (thing.body.properties['provisioningState'] !== 'Deleting') thing.body.properties['provisioningState'] = 'Succeeded'
    else for (const key of [...things.keys()]) if (key === path || key.startsWith(`${path}/`)) things.delete(key)
    return things.get(path)
  }
  const operation = () => ({ 'azure-asyncoperation': `${url}/subscriptions/s/operations/1?api-version=1`, 'retry-after': '0' })
  const put = (path: string, body: Record<string, unknown>, state: string) => {
    // Safe: ARM bodies have properties.
    const properties = { ...(body['properties'] as Record<string, unknown>), provisioningState: state }
    things.set(path, { body: { ...body, id: path, name: path.split('/').at(-1), properties }, looks: 2 })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '', url)
    requests.push(`${request.method ?? ''} ${path}`)
    authorizations.add(request.headers.authorization ?? '')
    const body = await bodyOf(request)
    if (path.includes('/operations/')) return void send(response, 200, { status: 'Succeeded' })
    if (path.endsWith('/listClusterUserCredential')) {
      return void send(response, 200, {
        kubeconfigs: [{ name: 'clusterUser', value: Buffer.from('apiVersion: v1\nkind: Config\n').toString('base64') }],
      })
    }
    if (path.endsWith('/agentPools')) {
      look(path.replace('/agentPools', ''))
      const pools = [...things.keys()].filter((key) => key.startsWith(`${path}/`)).flatMap((key) => look(key)?.body ?? [])
      return void send(response, things.has(path.replace('/agentPools', '')) ? 200 : 404, {
        value: pools,
        error: { code: 'NotFound', message: '' },
      })
    }
    if (request.method === 'PUT') {
      const isNew = !things.has(path)
      put(path, body, isNew ? 'Creating' : 'Updating')
      // Safe: the properties of a managed cluster.
      const profiles = (body['properties'] as { agentPoolProfiles?: ({ name: string; tags?: object } & Record<string, unknown>)[] })
        .agentPoolProfiles
      for (const profile of profiles ?? []) put(`${path}/agentPools/${profile.name}`, { properties: profile }, 'Creating')
      return void send(response, isNew ? 201 : 200, things.get(path)?.body, operation())
    }
    if (request.method === 'DELETE') {
      const thing = things.get(path)
      if (thing === undefined) return void send(response, 204, undefined)
      const last = thing.body.properties['mode'] === 'System'
      if (last) return void send(response, 400, { error: { code: 'OperationNotAllowed', message: 'the last system pool' } })
      Object.assign(thing, { looks: 2 }).body.properties['provisioningState'] = 'Deleting'
      return void send(response, 202, undefined, operation())
    }
    const thing = look(path)
    if (thing === undefined) return void send(response, 404, { error: { code: 'ResourceNotFound', message: 'no' } })
    send(response, 200, thing.body)
  }

  const server = createServer({ cert: made.cert, key: made.private }, (request, response) => void answer(request, response)).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  url = `https://localhost:${String(address.port)}`
  return {
    url,
    certificate: made.cert,
    requests,
    authorizations,
    things,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      server.close()
      return Promise.resolve()
    },
  }
}
