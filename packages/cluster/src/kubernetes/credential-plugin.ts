/** Credential plugins of a kubeconfig (`exec`): run with a limit, once for as long as their credentials last, and named when they fail. */
import { execFile } from 'node:child_process'
import type { OutgoingHttpHeaders } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { systemClock } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { credentialBytesMax, credentialPluginMs } from '../limits.ts'

const execSchema = z.looseObject({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
})
type Plugin = z.output<typeof execSchema>

const credentialSchema = z.looseObject({
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
})
type Credential = z.output<typeof credentialSchema>['status']

/** What a plugin says of itself stays with it: it may repeat what it was given. */
function failure({ command }: Plugin, error: Error & { code?: unknown; killed?: boolean }, limitMs: number) {
  const why =
    error.code === 'ENOENT'
      ? 'is not there'
      : error.killed === true
        ? `has not ended within ${String(limitMs / 1000)} s; does it wait for a login?`
        : `has failed (${typeof error.code === 'number' ? `exit code ${String(error.code)}` : error.name})`
  return clusterErrors.KUBECONFIG_INVALID({ problem: `its credential plugin '${command}' ${why}` })
}

function run(plugin: Plugin, limitMs: number): Promise<Credential> {
  const { apiVersion, command, args, env } = plugin
  // As kubectl tells plugins what is asked of them.
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } })
  const given = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]))
  // eslint-disable-next-line no-restricted-properties -- plugins run in the environment of the process, as under kubectl
  const variables = { ...process.env, KUBERNETES_EXEC_INFO: info, ...given }
  return new Promise((resolve, reject) => {
    const limits = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: credentialBytesMax } as const
    const child = execFile(command, args ?? [], { env: variables, ...limits }, (error, stdout) => {
      if (error !== null) {
        reject(failure(plugin, error, limitMs))
        return
      }
      try {
        resolve(credentialSchema.parse(JSON.parse(stdout)).status)
      } catch {
        reject(clusterErrors.KUBECONFIG_INVALID({ problem: `its credential plugin '${command}' has not answered with an ExecCredential` }))
      }
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end()
  })
}

/** Of one user; requests that come together run it once. */
class Credentials {
  readonly #plugin: Plugin
  readonly #limitMs: number
  #current: Promise<Credential> | undefined

  constructor(plugin: Plugin, limitMs: number) {
    this.#plugin = plugin
    this.#limitMs = limitMs
  }

  async get(): Promise<Credential> {
    const running = (this.#current ??= run(this.#plugin, this.#limitMs))
    try {
      const credential = await running
      const endsAt = credential.expirationTimestamp
      if (endsAt === undefined || Date.parse(endsAt) > systemClock.nowMs()) return credential
    } catch (error) {
      if (this.#current === running) this.#current = undefined
      throw error
    }
    if (this.#current === running) this.#current = run(this.#plugin, this.#limitMs)
    return this.#current ?? running
  }
}

/** Takes the plugins of a kubeconfig over from the official client, which waits for them without end. */
export function takeOverPlugins(config: KubeConfig, limitMs = credentialPluginMs): void {
  const owned = new Map<string, Credentials>()
  for (const user of config.users) {
    const plugin = execSchema.safeParse(user.exec).data
    if (plugin !== undefined) owned.set(user.name, new Credentials(plugin, limitMs))
  }
  if (owned.size === 0) return
  config.users = config.users.map((user) => (owned.has(user.name) ? { ...user, exec: undefined } : user))
  config.addAuthenticator({
    isAuthProvider: ({ name }) => owned.has(name),
    applyAuthentication: async ({ name }, options: RequestOptions) => {
      const credential = await owned.get(name)?.get()
      if (credential?.clientCertificateData !== undefined) options.cert = credential.clientCertificateData
      if (credential?.clientKeyData !== undefined) options.key = credential.clientKeyData
      // Safe: the official client makes the headers an object before it asks.
      const headers = options.headers as OutgoingHttpHeaders | undefined
      if (credential?.token !== undefined) options.headers = { ...headers, Authorization: `Bearer ${credential.token}` }
    },
  })
}
