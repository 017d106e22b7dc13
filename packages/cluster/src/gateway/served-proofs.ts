/** Endpoints whose engine has served a token: being ready is what a pod says of itself, and an engine may answer 503 for a while longer. */
import { isBudError, type Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { pollMs } from '../limits.ts'
import { failsForToken } from '../manage/served-token.ts'

/** What is asked, and where. */
export interface Asked {
  readonly id: string
  readonly namespace: string
  readonly model: string
}

const sliceSchema = z.looseObject({
  ports: z.array(z.looseObject({ port: z.int().optional() })).nullish(),
  endpoints: z
    .array(
      z.looseObject({
        conditions: z.looseObject({ ready: z.boolean().nullish() }).prefault({}),
        targetRef: z.looseObject({ kind: z.string().optional(), name: z.string() }).nullish(),
      }),
    )
    .nullish(),
})

/** A pod that says it is ready, and its port; undefined where a slice names none. */
export function readyPod(slices: readonly KubernetesObject[]): { readonly name: string; readonly port: number } | undefined {
  for (const slice of slices) {
    const { ports, endpoints } = sliceSchema.parse(slice)
    const port = ports?.[0]?.port
    const name = endpoints?.find(({ conditions, targetRef }) => conditions.ready !== false && targetRef?.kind === 'Pod')?.targetRef?.name
    if (port !== undefined && name !== undefined) return { name, port }
  }
  return undefined
}

interface Parts {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly onServed: () => void
  readonly signal: AbortSignal
}

interface Proof {
  readonly leaving: AbortController
  readonly work: Promise<void>
  served: boolean
}

/** Asks each endpoint beside the others, until it serves or has gone. */
export class ServedProofs implements AsyncDisposable {
  readonly #parts: Parts
  readonly #proofs = new Map<string, Proof>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** False until the engine has answered; the first call begins to ask it. `podNow` is looked up again before each attempt. */
  hasServed(asked: Asked, podNow: () => ReturnType<typeof readyPod>): boolean {
    const known = this.#proofs.get(asked.id)
    if (known !== undefined) return known.served
    // Nobody to ask: then being ready is all there is.
    if (podNow() === undefined) return true
    const leaving = new AbortController()
    const signal = AbortSignal.any([leaving.signal, this.#parts.signal])
    const proof: Proof = { leaving, served: false, work: this.#ask(asked, podNow, signal).catch(() => undefined) }
    this.#proofs.set(asked.id, proof)
    return false
  }

  /** Of those that are there no more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, { leaving }] of [...this.#proofs]) {
      if (ids.has(id)) continue
      leaving.abort()
      this.#proofs.delete(id)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const proofs = [...this.#proofs.values()]
    this.keepOnly(new Set())
    await Promise.all(proofs.map(({ work }) => work))
  }

  async #ask({ id, namespace, model }: Asked, podNow: () => ReturnType<typeof readyPod>, signal: AbortSignal): Promise<void> {
    const { api, clock, onServed } = this.#parts
    while (!signal.aborted) {
      const pod = podNow()
      if (pod === undefined || !(await this.#fails(api, { ...pod, namespace, model }, signal))) break
      await clock.sleep(pollMs, signal)
    }
    const proof = this.#proofs.get(id)
    if (signal.aborted || proof === undefined) return
    proof.served = true
    onServed()
  }

  /** What the API cannot answer now is asked again. */
  async #fails(api: KubernetesApi, pod: Parameters<typeof failsForToken>[1], signal: AbortSignal): Promise<boolean> {
    try {
      return await failsForToken(api, pod, signal)
    } catch (error) {
      if (isBudError(error) && !signal.aborted) return error.retryable
      throw error
    }
  }
}
