/** Asks a guardrail service over gRPC (proto/guardrail.proto); the gRPC library is loaded when the first text is judged. */
import type { Client, ClientUnaryCall, ServiceError } from '@grpc/grpc-js'
import type { Secret } from '@bud-foundry/core'
import type { ServiceRailConfig } from './guardrail-config.ts'
import type { Judge, JudgedCall, Judgement } from './judgement.ts'

/** The same as proto/guardrail.proto, in the form that needs no file beside the bundle; a test compares the two. */
export const guardrailProto = {
  nested: {
    bud: {
      nested: {
        guardrail: {
          nested: {
            v1: {
              nested: {
                Guardrail: { methods: { Judge: { requestType: 'JudgeRequest', responseType: 'JudgeResponse' } } },
                JudgeRequest: {
                  fields: {
                    text: { type: 'string', id: 1 },
                    side: { type: 'string', id: 2 },
                    request_id: { type: 'string', id: 3 },
                    model: { type: 'string', id: 4 },
                    project_id: { type: 'string', id: 5 },
                  },
                },
                JudgeResponse: {
                  fields: {
                    flagged: { type: 'bool', id: 1 },
                    categories: { rule: 'repeated', type: 'string', id: 2 },
                    spans: { rule: 'repeated', type: 'Span', id: 3 },
                  },
                },
                Span: { fields: { start: { type: 'uint32', id: 1 }, end: { type: 'uint32', id: 2 } } },
              },
            },
          },
        },
      },
    },
  },
}

export const guardrailProtoOptions = { keepCase: true, defaults: true, arrays: true }

interface Connection {
  readonly client: Client
  judge(text: string, call: JudgedCall, signal: AbortSignal): Promise<Judgement>
}

export class GrpcJudge implements Judge {
  readonly #config: Extract<ServiceRailConfig, { kind: 'grpc' }>
  readonly #secret: Secret | undefined
  #connection: Promise<Connection> | undefined

  constructor(config: Extract<ServiceRailConfig, { kind: 'grpc' }>, secret: Secret | undefined) {
    this.#config = config
    this.#secret = secret
  }

  async judge(text: string, call: JudgedCall, signal: AbortSignal): Promise<Judgement> {
    this.#connection ??= this.#connect()
    return (await this.#connection).judge(text, call, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    connection?.client.close()
  }

  async #connect(): Promise<Connection> {
    const [grpc, loader] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')])
    // Its types know only one kind of nested object, protobufjs takes all of them.
    const json = guardrailProto as unknown as Parameters<typeof loader.fromJSON>[0]
    const method = loader.fromJSON(json, guardrailProtoOptions)['bud.guardrail.v1.Guardrail']
    if (method === undefined || !('Judge' in method)) throw new Error('the gRPC service has no method Judge')
    // The definition above says so.
    const service = method as Parameters<typeof grpc.makeClientConstructor>[0]
    const { address, tls } = this.#config
    const Service = grpc.makeClientConstructor(service, 'Guardrail')
    const client = new Service(address, tls ? grpc.credentials.createSsl() : grpc.credentials.createInsecure())
    const unary: unknown = client['Judge']
    if (typeof unary !== 'function') throw new Error('the gRPC client has no method Judge')
    const judge: Connection['judge'] = (text, call, signal) => {
      const metadata = new grpc.Metadata()
      if (this.#secret !== undefined) metadata.set('authorization', `Bearer ${this.#secret.reveal()}`)
      const request = { text, side: call.side, request_id: call.requestId, model: call.model, project_id: call.projectId ?? '' }
      const { promise, resolve, reject } = Promise.withResolvers<Judgement>()
      const answer = (error: ServiceError | null, judgement: Judgement) => {
        if (error === null) resolve(judgement)
        else reject(error)
      }
      // Generated clients are typed as nothing in particular; a unary method is called so and gives the call.
      const sent = unary.call(client, request, metadata, answer) as ClientUnaryCall
      if (signal.aborted) sent.cancel()
      else signal.addEventListener('abort', () => sent.cancel(), { once: true })
      return promise
    }
    return { client, judge }
  }
}
