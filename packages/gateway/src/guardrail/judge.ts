/** Services that judge text: OpenAI's moderations, one of your own over HTTP, or over gRPC. */
import type { Secret, Transport } from '@bud-foundry/core'
import { z } from 'zod'
import { GrpcJudge } from './grpc-judge.ts'
import type { ServiceRailConfig } from './guardrail-config.ts'
import type { Judge } from './judgement.ts'
import { postJson } from './post-json.ts'

export interface JudgeParts {
  readonly transport: Transport
  readonly secret: Secret | undefined
}

const moderationSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      flagged: z.boolean(),
      categories: z.record(z.string(), z.boolean().nullish()).default({}),
      category_scores: z.record(z.string(), z.number().nullish()).default({}),
    }),
  ),
})

const position = z.int().nonnegative()

/** What a service of your own answers. */
const judgementSchema = z.looseObject({
  flagged: z.boolean(),
  categories: z.array(z.string()).max(100).default([]),
  spans: z
    .array(z.looseObject({ start: position, end: position }))
    .max(10_000)
    .default([]),
})

const bearer = (secret: Secret | undefined): Record<string, string> =>
  secret === undefined ? {} : { authorization: `Bearer ${secret.reveal()}` }

function moderationJudge(config: Extract<ServiceRailConfig, { kind: 'moderation' }>, parts: JudgeParts): Judge {
  const url = new URL(`${config.baseUrl.replace(/\/$/, '')}/moderations`)
  const { thresholds, model } = config
  return {
    judge: async (text, _call, signal) => {
      const body = { model, input: text }
      const { results } = moderationSchema.parse(await postJson(parts.transport, { url, headers: bearer(parts.secret), body, signal }))
      const categories = results.flatMap((result) =>
        thresholds === undefined
          ? Object.keys(result.categories).filter((name) => result.categories[name] === true)
          : Object.keys(thresholds).filter((name) => (result.category_scores[name] ?? 0) > (thresholds[name] ?? 1)),
      )
      const flagged = thresholds === undefined ? results.some((result) => result.flagged) : categories.length > 0
      return { flagged, categories, spans: [] }
    },
  }
}

function httpJudge(config: Extract<ServiceRailConfig, { kind: 'http' }>, parts: JudgeParts): Judge {
  const url = new URL(config.url)
  return {
    judge: async (text, call, signal) => {
      const body = { text, side: call.side, request_id: call.requestId, model: call.model, project_id: call.projectId ?? null }
      return judgementSchema.parse(await postJson(parts.transport, { url, headers: bearer(parts.secret), body, signal }))
    },
  }
}

export function createJudge(config: ServiceRailConfig, parts: JudgeParts): Judge {
  switch (config.kind) {
    case 'moderation':
      return moderationJudge(config, parts)
    case 'http':
      return httpJudge(config, parts)
    case 'grpc':
      return new GrpcJudge(config, parts.secret)
  }
}
