/** A failed answer of the Kubernetes API as an error of ours, by status and reason. */
import { z } from 'zod'
import type { BudError } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'

const textMax = 2_000
const statusSchema = z.looseObject({
  message: z.string().default(''),
  details: z
    .looseObject({ causes: z.array(z.looseObject({ message: z.string().default(''), field: z.string().default('') })).default([]) })
    .optional(),
})

function problemOf(status: number, text: string): string {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(text))
    if (parsed.success && parsed.data.message !== '') return parsed.data.message.slice(0, textMax)
  } catch {
    // Not JSON: a proxy on the way, say. The text itself has to do.
  }
  return `HTTP ${String(status)} ${text.slice(0, 200)}`.trim()
}

export function apiError(status: number, text: string, what: string): BudError {
  const problem = problemOf(status, text)
  switch (status) {
    case 401:
    case 403:
      return clusterErrors.KUBERNETES_FORBIDDEN({ what, problem })
    case 409:
      return clusterErrors.KUBERNETES_CONFLICT({ what, problem })
    case 410:
      return clusterErrors.KUBERNETES_EXPIRED({ what })
    case 400:
    case 404:
    case 405:
    case 413:
    case 415:
    case 422:
      return clusterErrors.KUBERNETES_REJECTED({ what, problem })
    default:
      return clusterErrors.KUBERNETES_FAILED({ what, problem })
  }
}
