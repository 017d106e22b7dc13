/** The only proof that an engine works: it answers a request for one token. */
import { z } from 'zod'
import type { DeploymentPlan } from '@bud-foundry/core'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'

const generated = z.looseObject({ choices: z.array(z.looseObject({})).min(1) })
const embedded = z.looseObject({ data: z.array(z.looseObject({})).min(1) })

/** In the order in which they are tried: what an engine does not offer, it answers with 404. */
const questions = (model: string) => [
  { path: '/v1/chat/completions', body: { model, max_tokens: 1, messages: [{ role: 'user', content: 'Say yes.' }] }, answer: generated },
  { path: '/v1/completions', body: { model, max_tokens: 1, prompt: 'Say yes.' }, answer: generated },
  { path: '/v1/embeddings', body: { model, input: 'yes' }, answer: embedded },
  { path: '/embeddings', body: { model, input: 'yes' }, answer: embedded },
]

function isAnswer(schema: z.ZodType, text: string): boolean {
  try {
    return schema.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

const statusSchema = z.looseObject({ kind: z.literal('Status') })

const keptOut = (pod: string) =>
  `the API server cannot reach pod ${pod}; if a network policy keeps it out, name the addresses of the control plane in callers.addressRanges`

/** Undefined when the pod served a token, otherwise why not. */
export async function askForToken(
  api: KubernetesApi,
  pod: { readonly name: string; readonly namespace: string },
  { plan, port }: { readonly plan: DeploymentPlan; readonly port: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  let problem = ''
  for (const { path, body, answer } of questions(plan.model.servedName)) {
    const { status, text } = await api.callPod({ ...pod, port, path, body }, signal)
    if (status === 200 && isAnswer(answer, text)) return undefined
    // What the API server itself answers is an object of its own; an engine that is loading answers otherwise.
    if (status >= 500 && isAnswer(statusSchema, text)) return keptOut(pod.name)
    problem = `pod ${pod.name} answered ${path} with status ${String(status)}`
    if (status !== 404 && status !== 405) break
  }
  return problem
}

/**
 * Whether the engine itself answers a request for a token with a failure, as one that still loads. Who may not ask, or cannot reach it, learns
 * nothing of it: that is no failure.
 */
export async function failsForToken(
  api: KubernetesApi,
  { model, ...pod }: { readonly name: string; readonly namespace: string; readonly port: number; readonly model: string },
  signal: AbortSignal,
): Promise<boolean> {
  for (const { path, body } of questions(model)) {
    const { status, text } = await api.callPod({ ...pod, path, body }, signal)
    if (status >= 500) return !isAnswer(statusSchema, text)
    if (status !== 404 && status !== 405) return false
  }
  return false
}
