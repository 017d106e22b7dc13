/** The HTTP door: a fetch handler for `POST /api/clusters/plan`. */
import { coreErrors, isBudError, toConfigIssues, type BudError } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from './errors.ts'
import { planManifests } from './deploy/plan-manifests.ts'
import { requestBytesMax } from './limits.ts'

const requestSchema = z.looseObject({ plan: z.looseObject({}) })

const answer = (status: number, body: unknown) => Response.json(body, { status, headers: { 'cache-control': 'no-store' } })

const errorAnswer = (error: BudError) =>
  answer(error.status, { error: { code: error.code, message: error.message, details: error.details } })

function invalidBody(message: string, fix: string): BudError {
  return coreErrors.CONFIG_INVALID({ what: 'request body', issues: [{ path: '(root)', message, fix }] })
}

/** Reads at most the limit, so that a large upload ends early. */
async function readText(request: Request): Promise<string> {
  if (request.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Safe: the body of a request is a stream of bytes.
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > requestBytesMax) throw clusterErrors.BODY_TOO_LARGE({ bytesMax: requestBytesMax })
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidBody(error instanceof Error ? error.message : 'it is not JSON', 'send { "plan": { … } } as JSON')
  }
}

/** Body `{ plan, ...options }`, answer `{ manifests, yaml, findings }`; errors as `{ error: { code, message, details } }`. */
export async function handleClusterPlan(request: Request): Promise<Response> {
  try {
    const body = requestSchema.safeParse(await readJson(request))
    if (!body.success) throw coreErrors.CONFIG_INVALID({ what: 'request body', issues: toConfigIssues(body.error) })
    const { plan, ...options } = body.data
    // Safe: planManifests puts both through their schemas before anything reads them.
    return answer(200, planManifests(plan as never, options))
  } catch (error) {
    if (isBudError(error)) return errorAnswer(error)
    throw error
  }
}
