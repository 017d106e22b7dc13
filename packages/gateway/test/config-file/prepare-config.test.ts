/** The whole truth about a configuration at once, and what becomes of a good one. */
import { createEnvSecretStore } from '@bud-foundry/core/secret-store/env'
import { expect, it } from 'vitest'
import { prepareConfig } from '../../src/config-file/prepare-config.ts'
import { gatewayErrors } from '../../src/index.ts'
import { createAuthority, createCertificate } from '../support/certificates.ts'
import { createDirectory } from '../support/directory.ts'

const prepare = (data: unknown, environment: Record<string, string> = {}, directory = '/etc/bud') =>
  prepareConfig(data, {
    path: 'gateway.yaml',
    directory,
    environment,
    secrets: createEnvSecretStore({ environment }),
    signal: new AbortController().signal,
  })

async function problems(data: unknown, environment: Record<string, string> = {}) {
  const error = await prepare(data, environment).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return gatewayErrors.CONFIG_FILE_INVALID.is(error) ? error.details.problems : error
}

const engine = { provider: 'vllm', baseUrl: 'http://127.0.0.1:1/v1' }

it('lists every problem of the form', async () => {
  const found = await problems({
    models: { m: { targets: [{ providr: 'openai' }], polcy: 'x' } },
    listen: { port: 99_999 },
    upstream: { origins: { 'http://x/y': {} } },
  })
  expect(found).toMatchObject([
    { path: 'models.m.targets.0.provider', message: 'is required and missing' },
    { path: 'models.m.targets.0.providr', message: 'is not a known field' },
    { path: 'models.m.polcy' },
    { path: 'listen.port' },
    { path: 'upstream.origins.http://x/y' },
  ])
})

it('lists every name that leads nowhere, every secret that is missing and every certificate that is none', async () => {
  const found = await problems(
    {
      models: {
        a: {
          policy: 'fastest',
          targets: [
            engine,
            { provider: 'nobody' },
            { provider: 'openai-compatible' },
            { ...engine, id: 'twice' },
            { provider: 'azure-openai', baseUrl: engine.baseUrl, options: { apiVersion: 'x' } },
          ],
          fallbacks: ['b', 'gone', 'a'],
          shadow: { model: 'gone-too', share: 0.1 },
        },
        b: { targets: [{ ...engine, id: 'twice', credential: ['env:ONE', 'file:./two.key', 'plain'] }] },
        c: {
          variants: [
            { model: 'a', weight: 1 },
            { model: 'gone', weight: 1 },
            { model: 'd', weight: 1 },
          ],
        },
        d: { variants: [{ model: 'b', weight: 1 }] },
        e: {},
      },
      listen: { tls: { cert: 'no PEM', key: 'no PEM', requestClientCert: true } },
      upstream: { tls: { ca: 'no PEM', cert: 'env:ONE' }, proxy: { http: 'ftp://proxy' } },
    },
    {},
  )
  expect((found as { path: string }[]).map(({ path }) => path).sort()).toEqual(
    [
      'listen.tls.ca',
      'listen.tls.cert',
      'models.a.fallbacks.1',
      'models.a.policy',
      'models.a.shadow.model',
      'models.a.targets.1.provider',
      'models.a.targets.2.baseUrl',
      'models.a.targets.4',
      'models.b.targets.0.credential',
      'models.b.targets.0.credential',
      'models.b.targets.0.id',
      'models.c.variants.1.model',
      'models.c.variants.2.model',
      'models.e',
      'upstream.proxy.http',
      'upstream.tls.ca',
      'upstream.tls.cert',
      'upstream.tls.key',
    ].sort(),
  )
})

it('keeps credentials as references, relative ones counted from the file', async () => {
  await using directory = await createDirectory()
  await directory.write('two.key', 'sk-two\n')
  const data = { models: { m: { targets: [{ ...engine, credential: ['env:ONE', 'file:two.key', 'sk-plain'] }] } } }
  const prepared = await prepare(data, { ONE: 'sk-one' }, directory.path)
  const file = `${directory.path}/two.key`
  expect(prepared.gateway.models['m']?.targets?.[0]?.credential).toEqual([
    { reference: 'env:ONE' },
    { reference: `file:${file}` },
    'sk-plain',
  ])
  expect(prepared.files).toEqual([file])
  expect(prepared.gateway).not.toHaveProperty('listen')
})

it('reads certificates, keys and proxies through references', async () => {
  const authority = await createAuthority()
  const own = await createCertificate(authority)
  const prepared = await prepare(
    {
      models: {},
      listen: { port: 0, tls: { cert: 'env:CERT', key: 'env:KEY', ca: 'env:CA', requestClientCert: true } },
      upstream: {
        tls: { ca: 'env:CA', defaultAuthorities: false },
        proxy: { https: 'env:PROXY', except: ['.internal'] },
        origins: { 'https://engine.example:8443': { tls: { cert: 'env:CERT', key: 'env:KEY' }, proxy: 'none' } },
      },
    },
    { CERT: own.cert, KEY: own.key, CA: authority.cert, PROXY: 'http://u:p@proxy.example:3128' },
  )
  expect(prepared.listen).toMatchObject({ port: 0, host: '127.0.0.1', tls: { requestCert: true, key: own.key } })
  expect(prepared.upstream).toMatchObject({
    tls: { ca: [expect.stringContaining('BEGIN CERTIFICATE')] },
    proxy: { https: 'http://u:p@proxy.example:3128', except: ['.internal'] },
    origins: { 'https://engine.example:8443': { proxy: 'none', tls: { key: own.key } } },
  })
})

it('takes the proxy of the environment only when asked', async () => {
  const environment = { HTTPS_PROXY: 'http://proxy:1', no_proxy: 'a.example, b.example' }
  expect((await prepare({ models: {} }, environment)).upstream.proxy).toBeUndefined()
  const asked = await prepare({ models: {}, upstream: { proxy: 'environment' } }, environment)
  expect(asked.upstream.proxy).toEqual({ http: undefined, https: 'http://proxy:1', except: ['a.example', 'b.example'] })
})

it('says that the key of the listener belongs to another certificate', async () => {
  const authority = await createAuthority()
  const [{ cert }, { key }] = [await createCertificate(authority), await createCertificate(authority)]
  expect(await problems({ models: {}, listen: { tls: { cert, key } } })).toMatchObject([
    { path: 'listen.tls.cert', message: expect.stringContaining('mismatch') },
  ])
})
