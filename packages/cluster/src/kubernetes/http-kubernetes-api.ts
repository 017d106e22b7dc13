/** The Kubernetes API over HTTP: addresses and bodies are ours, every kind of authentication is the official client's. */
import type { KubeConfig, RequestContext } from '@kubernetes/client-node'
import { coreErrors, isBudError, systemClock, type Clock } from '@bud-foundry/core'
import type { Dispatcher, Response } from 'undici'
import { clusterErrors } from '../errors.ts'
import {
  answerBytesMax,
  dispatcherMs,
  listObjectsMax,
  listPageObjects,
  logLinesMax,
  requestAttempts,
  requestTimeoutMs,
  retryAfterMsMax,
} from '../limits.ts'
import { readLines, readText } from './answer-body.ts'
import { parseKindList, parseObject, parseObjectList, parseVersion, parseWatchLine } from './answer-schemas.ts'
import { apiError } from './api-error.ts'
import { clientNode, undici } from './client-node.ts'
import type {
  ApplyOptions,
  KubernetesApi,
  KubernetesObject,
  LogSelection,
  ObjectList,
  ObjectReference,
  ObjectSelection,
  PodCall,
  RemoveOptions,
  WatchEvent,
} from './kubernetes-api.ts'
import { describeObject } from './kubernetes-api.ts'
import { findKnownKind, groupPath, resourcePath, type Kind, type ResourceTarget } from './kinds.ts'

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly contentType?: string
  /** For messages. */
  readonly what: string
  /** Watches have no end. */
  readonly endless?: boolean
}

const selectorText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .join(',')

const referenceOfObject = ({ apiVersion, kind, metadata }: KubernetesObject) => ({
  apiVersion,
  kind,
  name: metadata.name,
  namespace: metadata.namespace,
})

/** Too many requests, or a server that starts; both were not carried out. */
const isNotYet = ({ status, headers }: Response) => status === 429 || (status === 503 && headers.has('retry-after'))

/** Credentials that end are fetched anew. */
export interface ConfigRenewal {
  readonly everyMs: number
  readonly clock: Clock
  readonly fetch: (signal: AbortSignal) => Promise<KubeConfig>
}

class HttpKubernetesApi implements KubernetesApi {
  readonly contract = 'kubernetes-api/1'
  readonly server: string
  readonly #renewal: ConfigRenewal | undefined
  #config: KubeConfig
  #configuredAtMs: number
  readonly #closing = new AbortController()
  /** Those that are closing, and may still carry a watch. */
  readonly #retired = new Set<Dispatcher>()
  #dispatcher: { readonly value: Dispatcher; readonly sinceMs: number } | undefined
  readonly #kinds = new Map<string, Kind>()

  constructor(config: KubeConfig, server: string, renewal: ConfigRenewal | undefined) {
    this.#config = config
    this.#renewal = renewal
    this.#configuredAtMs = renewal?.clock.monotonicMs() ?? 0
    this.server = server
  }

  async version(signal: AbortSignal): Promise<string> {
    return parseVersion(await this.#json({ method: 'GET', path: '/version', what: 'asking for the version' }, signal))
  }

  async servedKinds(apiVersion: string, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#kindsOf(apiVersion, signal)).map(({ kind }) => kind)
  }

  async read(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const what = `reading ${describeObject(reference)}`
    const answer = await this.#send({ method: 'GET', path: await this.#path(reference, signal), what }, signal)
    if (answer.status === 404) {
      await answer.body?.cancel()
      return undefined
    }
    return parseObject(await this.#body(answer, what), what)
  }

  async list(
    selection: ObjectSelection,
    signal: AbortSignal,
    keep: (object: KubernetesObject) => KubernetesObject = (object) => object,
  ): Promise<ObjectList> {
    const what = `listing ${selection.kind}`
    const items: KubernetesObject[] = []
    let continuation = ''
    for (;;) {
      const query = {
        limit: String(listPageObjects),
        ...(selection.labels === undefined ? {} : { labelSelector: selectorText(selection.labels) }),
        ...(continuation === '' ? {} : { continue: continuation }),
      }
      const page = parseObjectList(
        await this.#json({ method: 'GET', path: await this.#path(selection, signal), query, what }, signal),
        selection,
      )
      items.push(...page.items.map(keep))
      if (page.continuation === '') return { items, resourceVersion: page.resourceVersion }
      if (items.length > listObjectsMax) {
        throw clusterErrors.KUBERNETES_FAILED({ what, problem: `there are more than ${String(listObjectsMax)} objects` })
      }
      continuation = page.continuation
    }
  }

  async apply(object: KubernetesObject, options: ApplyOptions, signal: AbortSignal): Promise<KubernetesObject> {
    const what = `applying ${describeObject(referenceOfObject(object))}`
    const query = {
      fieldManager: options.fieldManager,
      fieldValidation: 'Strict',
      ...(options.force === true ? { force: 'true' } : {}),
      ...(options.dryRun === true ? { dryRun: 'All' } : {}),
    }
    const path = await this.#path(referenceOfObject(object), signal)
    const contentType = 'application/apply-patch+yaml'
    return parseObject(await this.#json({ method: 'PATCH', path, query, body: object, contentType, what }, signal), what)
  }

  async create(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const { apiVersion, kind, namespace } = referenceOfObject(object)
    const what = `creating ${describeObject(referenceOfObject(object))}`
    const path = await this.#path({ apiVersion, kind, namespace }, signal)
    return parseObject(await this.#json({ method: 'POST', path, body: object, what }, signal), what)
  }

  async replace(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const what = `replacing ${describeObject(referenceOfObject(object))}`
    const path = await this.#path(referenceOfObject(object), signal)
    return parseObject(await this.#json({ method: 'PUT', path, body: object, what }, signal), what)
  }

  async remove(reference: ObjectReference, options: RemoveOptions, signal: AbortSignal): Promise<void> {
    const what = `deleting ${describeObject(reference)}`
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Foreground',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
    }
    const answer = await this.#send({ method: 'DELETE', path: await this.#path(reference, signal), body, what }, signal)
    if (answer.status === 404) await answer.body?.cancel()
    else await this.#body(answer, what)
  }

  async *watch(selection: ObjectSelection, resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const what = `watching ${selection.kind}`
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      ...(selection.labels === undefined ? {} : { labelSelector: selectorText(selection.labels) }),
    }
    const ending = AbortSignal.any([signal, this.#closing.signal])
    const answer = await this.#send({ method: 'GET', path: await this.#path(selection, signal), query, what, endless: true }, ending)
    if (answer.status !== 200) throw apiError(answer.status, await readText(answer, answerBytesMax), what)
    try {
      for await (const line of readLines(answer)) yield parseWatchLine(line, what)
    } catch (error) {
      throw this.#failure(error, signal)
    }
  }

  async callPod(call: PodCall, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
    const pod = `${encodeURIComponent(call.name)}:${String(call.port)}`
    const path = `/api/v1/namespaces/${encodeURIComponent(call.namespace)}/pods/${pod}/proxy${call.path}`
    const what = `calling Pod ${call.namespace}/${call.name}`
    const answer = await this.#send({ method: 'POST', path, body: call.body, what }, signal)
    return { status: answer.status, text: await readText(answer, answerBytesMax) }
  }

  async readLog(selection: LogSelection, signal: AbortSignal): Promise<string> {
    const { namespace, name, container, tailLines = logLinesMax, sinceSeconds, timestamps, previous } = selection
    const what = `reading the log of Pod ${namespace}/${name}`
    const query = {
      tailLines: String(Math.min(tailLines, logLinesMax)),
      limitBytes: String(answerBytesMax),
      ...(container === undefined ? {} : { container }),
      ...(sinceSeconds === undefined ? {} : { sinceSeconds: String(sinceSeconds) }),
      ...(timestamps === true ? { timestamps: 'true' } : {}),
      ...(previous === true ? { previous: 'true' } : {}),
    }
    const path = `${resourcePath({ apiVersion: 'v1', kind: 'Pod', namespace, name })}/log`
    const answer = await this.#send({ method: 'GET', path, query, what }, signal)
    const text = await readText(answer, 2 * answerBytesMax)
    if (answer.ok) return text
    // Before a container runs the server has nothing to read from, and says so with 400.
    if (answer.status === 400 && /ContainerCreating|PodInitializing|waiting to start/.test(text)) return ''
    throw apiError(answer.status, text, what)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    const open = [...this.#retired, ...(this.#dispatcher === undefined ? [] : [this.#dispatcher.value])]
    this.#dispatcher = undefined
    this.#retired.clear()
    await Promise.all(open.map((dispatcher) => dispatcher.destroy()))
  }

  async #kindsOf(apiVersion: string, signal: AbortSignal): Promise<readonly Kind[]> {
    const what = `listing the kinds of ${apiVersion}`
    const answer = await this.#send({ method: 'GET', path: groupPath(apiVersion), what }, signal)
    if (answer.status === 404) {
      await answer.body?.cancel()
      return []
    }
    return parseKindList(await this.#body(answer, what)).map(({ kind, name, namespaced }) => ({
      apiVersion,
      kind,
      plural: name,
      namespaced,
    }))
  }

  /** Kinds of add-ons are the server's to tell. @throws CLUSTER_KIND_UNKNOWN when it does not know either. */
  async #path(target: ResourceTarget, signal: AbortSignal): Promise<string> {
    const key = `${target.apiVersion} ${target.kind}`
    let kind = findKnownKind(target) ?? this.#kinds.get(key)
    if (kind === undefined) {
      kind = (await this.#kindsOf(target.apiVersion, signal)).find((served) => served.kind === target.kind)
      if (kind === undefined) throw clusterErrors.KIND_UNKNOWN({ apiVersion: target.apiVersion, kind: target.kind })
      this.#kinds.set(key, kind)
    }
    return resourcePath(target, kind)
  }

  async #json(call: Call, signal: AbortSignal): Promise<unknown> {
    return this.#body(await this.#send(call, signal), call.what)
  }

  async #body(answer: Response, what: string): Promise<unknown> {
    const text = await readText(answer, answerBytesMax)
    if (!answer.ok) throw apiError(answer.status, text, what)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw clusterErrors.KUBERNETES_FAILED({ what, problem: 'the answer is not JSON' }, { cause })
    }
  }

  /** A server that has not looked at a request yet says so, and when to come again. */
  async #send(call: Call, signal: AbortSignal): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#sendOnce(call, signal)
      // A certificate that is no longer taken is read anew with the next request.
      if (answer.status === 401) this.#retire()
      if (!isNotYet(answer) || attempt === requestAttempts) return answer
      await answer.body?.cancel()
      const seconds = Number(answer.headers.get('retry-after') ?? 1)
      await systemClock.sleep(Math.min(retryAfterMsMax, (Number.isFinite(seconds) ? seconds : 1) * 1000), signal)
    }
  }

  async #sendOnce(call: Call, signal: AbortSignal): Promise<Response> {
    if (signal.aborted) throw coreErrors.ABORTED({ what: call.what }, { cause: signal.reason })
    if (this.#closing.signal.aborted) throw coreErrors.CLOSED({ what: 'the Kubernetes client' })
    const url = new URL(this.server.replace(/\/$/, '') + call.path)
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value)
    const { HttpMethod, RequestContext } = clientNode()
    const context = new RequestContext(url.toString(), HttpMethod[call.method])
    const parts = [signal, this.#closing.signal, ...(call.endless === true ? [] : [AbortSignal.timeout(requestTimeoutMs)])]
    await this.#renew(signal)
    await this.#authenticate(context)
    try {
      const dispatcher = this.#reuse(context.getDispatcher())
      return await undici().fetch(url, {
        method: call.method,
        headers: { ...context.getHeaders(), accept: 'application/json', 'content-type': call.contentType ?? 'application/json' },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        signal: AbortSignal.any(parts),
      })
    } catch (error) {
      throw this.#failure(error, signal)
    }
  }

  /** Requests that come together may fetch twice; the last one stays. */
  async #renew(signal: AbortSignal): Promise<void> {
    if (this.#renewal === undefined) return
    const { clock, everyMs, fetch: fetchConfig } = this.#renewal
    if (clock.monotonicMs() - this.#configuredAtMs < everyMs) return
    this.#config = await fetchConfig(signal)
    this.#retire()
    this.#configuredAtMs = clock.monotonicMs()
  }

  /** The official client makes a dispatcher, with connections of its own, for every request; certificates may change, so one lasts some minutes. */
  #reuse(offered: Dispatcher | undefined): Dispatcher | undefined {
    if (offered === undefined) return undefined
    const nowMs = systemClock.monotonicMs()
    if (this.#dispatcher !== undefined && nowMs - this.#dispatcher.sinceMs < dispatcherMs) return this.#dispatcher.value
    this.#retire()
    this.#dispatcher = { value: offered, sinceMs: nowMs }
    return offered
  }

  #retire(): void {
    const old = this.#dispatcher?.value
    this.#dispatcher = undefined
    if (old === undefined) return
    this.#retired.add(old)
    const forget = () => this.#retired.delete(old)
    void old.close().then(forget, forget)
  }

  async #authenticate(context: RequestContext): Promise<void> {
    try {
      await this.#config.applySecurityAuthentication(context)
    } catch (error) {
      if (isBudError(error)) throw error
      // The cause stays here: messages of credential plugins may repeat what they were given.
      throw clusterErrors.KUBECONFIG_INVALID({
        problem:
          'its credentials cannot be used: a credential plugin fails, a file is missing, or the address is HTTP without insecure-skip-tls-verify',
      })
    }
  }

  #failure(error: unknown, signal: AbortSignal): unknown {
    if (isBudError(error)) return error
    if (signal.aborted) return coreErrors.ABORTED({ what: 'a request to Kubernetes' }, { cause: signal.reason })
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    // Only the code or the class: texts of proxies on the way are not ours to repeat.
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    const named = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.name) : 'unknown failure'
    const problem = isLate ? `no answer within ${String(requestTimeoutMs / 1000)} s` : named
    return clusterErrors.KUBERNETES_UNREACHABLE({ server: this.server, problem })
  }
}

/** The address is shown in messages and progress, so it must carry no credentials. */
function checkedServer(server: string): string {
  const url = URL.parse(server)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw clusterErrors.KUBECONFIG_INVALID({ problem: 'the server of its cluster is no address beginning with https:// or http://' })
  if (url.username !== '' || url.password !== '')
    throw clusterErrors.KUBECONFIG_INVALID({ problem: "the server's address carries credentials, which belong to its user" })
  return server
}

/** @throws CLUSTER_KUBECONFIG_INVALID when the current context names no cluster, or one without a plain address. */
export function createHttpKubernetesApi(config: KubeConfig, renewal?: ConfigRenewal): KubernetesApi {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw clusterErrors.KUBECONFIG_INVALID({ problem: 'its current context names no cluster' })
  return new HttpKubernetesApi(config, checkedServer(cluster.server), renewal)
}
