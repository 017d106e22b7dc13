/** An OpenAI-compatible engine on node:http that answers with the timing of a real one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isBudError } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import { planChat, planCompletion, type AnswerPlan } from './answer-plan.ts'
import { runAnswers } from './answer-run.ts'
import { createBatchScheduler, type SchedulerState } from './batch-scheduler.ts'
import { createAnswerEvents } from './completion-answer.ts'
import { answerEmbedding } from './embeddings.ts'
import { drawFault, parseFaultHeader, type Fault } from './fault.ts'
import { parseJsonObject, readBody, sendJson, sendText } from './http-exchange.ts'
import { OpenAiError, toErrorBody } from './openai-error.ts'
import { chatRequestSchema, completionRequestSchema, embeddingRequestSchema, parseRequest } from './openai-schema.ts'
import { createPrefixCache } from './prefix-cache.ts'
import { loadTokenizer } from './tokenizer.ts'
import { createTwinMetrics } from './twin-metrics.ts'
import { resolveTwinOptions, type EngineTwinOptions } from './twin-options.ts'

export interface EngineTwin extends AsyncDisposable {
  /** For a server of your own. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** Opens a server, and ends when the first request would be answered as fast as any other; port 0 takes any free one. @throws SIM_PORT_UNAVAILABLE. */
  listen(address?: {
    readonly port?: number | undefined
    readonly host?: string | undefined
  }): Promise<{ readonly url: string; readonly port: number }>
  state(): SchedulerState & { readonly openRequests: number }
}

/** How long requests in flight may go on after closing began. */
const drainMs = 500

/** Starts a simulated engine; nothing listens until `listen`. @throws what `resolveTwinOptions` throws. */
export function createEngineTwin(options: EngineTwinOptions = {}): EngineTwin {
  const twin = resolveTwinOptions(options)
  const { replica, clock, random } = twin
  const { settings, engine, fit } = replica
  const scheduler = createBatchScheduler({
    step: replica.step,
    clock,
    maxSequences: settings.maxSequences,
    maxBatchedTokens: settings.maxBatchedTokens,
    cacheTokens: fit.cacheTokens,
    timeScale: twin.timeScale,
  })
  const cache = settings.prefixCaching ? createPrefixCache(Math.min(limits.twinPrefixBlocks, Math.floor(fit.cacheTokens / 16))) : undefined
  const metrics = createTwinMetrics(twin.servedModelNames[0] ?? twin.model.id)
  const createdUnixSeconds = Math.floor(clock.nowMs() / 1000)
  const services = { clock, scheduler, cache, metrics, timing: engine.timing, timeScale: twin.timeScale }
  const open = new Set<ServerResponse>()
  let server: Server | undefined
  let closed: Promise<void> | undefined

  const hexId = () => Buffer.from(random.bytes(12)).toString('hex')

  function checkModel(model: string): void {
    if (twin.servedModelNames.includes(model)) return
    throw new OpenAiError(
      404,
      `The model '${model}' does not exist; this engine serves ${twin.servedModelNames.map((name) => `'${name}'`).join(', ')}`,
      {
        param: 'model',
        code: 'model_not_found',
      },
    )
  }

  function chooseFault(request: IncomingMessage): Fault | undefined {
    const drawn = drawFault(twin.faults, random)
    const header = request.headers['x-bud-sim-fault']
    return typeof header === 'string' ? parseFaultHeader(header) : drawn
  }

  function applyStatus(fault: Fault | undefined): void {
    if (fault?.kind === 'status')
      throw new OpenAiError(fault.status, `simulated failure with status ${String(fault.status)}`, {
        code: 'simulated_fault',
        ...(fault.status === 429 ? { type: 'rate_limit_error' } : {}),
      })
  }

  async function complete(request: IncomingMessage, response: ServerResponse, kind: 'chat' | 'completion'): Promise<void> {
    const body = parseJsonObject(await readBody(request, limits.twinBodyBytes))
    const fault = chooseFault(request)
    applyStatus(fault)
    if (open.size > limits.twinRequests)
      throw new OpenAiError(503, `more than ${String(limits.twinRequests)} requests are in flight`, { code: 'overloaded' })
    const tokenizer = await loadTokenizer()
    const parsed = kind === 'chat' ? parseRequest(chatRequestSchema, body) : parseRequest(completionRequestSchema, body)
    checkModel(parsed.model)
    const plans: readonly AnswerPlan[] =
      'messages' in parsed && kind === 'chat'
        ? planChat(parseRequest(chatRequestSchema, body), twin, tokenizer, () => `call_${hexId()}`)
        : planCompletion(parseRequest(completionRequestSchema, body), twin, tokenizer)
    const id = `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${hexId()}`
    response.setHeader('x-request-id', id)
    const events = createAnswerEvents(
      response,
      {
        kind,
        id,
        model: parsed.model,
        createdUnixSeconds: Math.floor(clock.nowMs() / 1000),
        stream: parsed.stream === true,
        includeUsage: parsed.stream_options?.include_usage === true,
      },
      plans,
    )
    if (response.destroyed) return
    const run = runAnswers(services, plans, fault, events)
    response.once('close', () => {
      run[Symbol.dispose]()
    })
  }

  async function embed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parseRequest(embeddingRequestSchema, parseJsonObject(await readBody(request, limits.twinBodyBytes)))
    applyStatus(chooseFault(request))
    checkModel(body.model)
    sendJson(response, 200, answerEmbedding(body, await loadTokenizer()))
  }

  function listModels(response: ServerResponse): void {
    sendJson(response, 200, {
      object: 'list',
      data: twin.servedModelNames.map((id) => ({
        id,
        object: 'model',
        created: createdUnixSeconds,
        owned_by: 'bud-sim',
        root: twin.model.id,
        parent: null,
        max_model_len: settings.maxModelTokens,
      })),
    })
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    switch (`${request.method ?? 'GET'} ${path}`) {
      case 'POST /v1/chat/completions':
        return complete(request, response, 'chat')
      case 'POST /v1/completions':
        return complete(request, response, 'completion')
      case 'POST /v1/embeddings':
        return embed(request, response)
      case 'GET /v1/models':
        listModels(response)
        return
      case 'GET /health':
        sendText(response, closed === undefined ? 200 : 503, 'text/plain', '')
        return
      case 'GET /version':
        sendJson(response, 200, { version: engine.versionFor(twin.hardware) })
        return
      case 'GET /metrics':
        sendText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', metrics.render(scheduler.state(), fit.cacheTokens))
        return
      default:
        throw new OpenAiError(404, `there is no ${request.method ?? 'GET'} ${path} here`, { code: 'not_found' })
    }
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // A client that went away while sending hears nothing, and nothing is wrong here.
    if (response.destroyed || request.errored !== null) return
    const known =
      error instanceof OpenAiError
        ? error
        : isBudError(error)
          ? new OpenAiError(error.status, error.message, { code: error.code })
          : new OpenAiError(500, `the simulated engine failed: ${error instanceof Error ? error.message : String(error)}`)
    // What is left of a body that was refused is not read, so the connection cannot be used again.
    if (known.status === 413) response.setHeader('connection', 'close')
    sendJson(response, known.status, toErrorBody(known))
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    open.add(response)
    response.once('close', () => open.delete(response))
    const work = closed === undefined ? route(request, response) : Promise.reject(simErrors.TWIN_CLOSED())
    work.catch((error: unknown) => {
      fail(request, response, error)
    })
  }

  async function close(): Promise<void> {
    const stopped =
      server === undefined
        ? Promise.resolve()
        : new Promise<void>((resolve) =>
            server?.close(() => {
              resolve()
            }),
          )
    server?.closeIdleConnections()
    const deadlineMs = clock.monotonicMs() + drainMs
    while (open.size > 0 && clock.monotonicMs() < deadlineMs) await clock.sleep(20)
    for (const response of open) response.destroy()
    server?.closeAllConnections()
    await scheduler[Symbol.asyncDispose]()
    await stopped
  }

  return {
    handle,
    listen: async ({ port = 0, host = '127.0.0.1' } = {}) => {
      const listening = createServer(handle)
      // Streams may be silent for long while they wait for a place; the twin's clients decide how long they wait.
      listening.requestTimeout = 0
      const bound = new Promise<void>((resolve, reject) => {
        listening.once('error', (error) => {
          reject(simErrors.PORT_UNAVAILABLE({ host, port, reason: error.message }, { cause: error }))
        })
        listening.listen(port, host, () => {
          server = listening
          resolve()
        })
      })
      // Loading the vocabulary takes a third of a second, which would count as the time to the first token of the first request.
      await Promise.all([bound, loadTokenizer()])
      // A server that listens on TCP has an AddressInfo; only pipes have a string.
      const address = listening.address() as AddressInfo
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${String(address.port)}`, port: address.port }
    },
    state: () => ({ ...scheduler.state(), openRequests: open.size }),
    [Symbol.asyncDispose]: () => {
      closed ??= close()
      return closed
    },
  }
}
