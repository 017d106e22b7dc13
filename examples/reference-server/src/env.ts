/** The only place that reads the environment. */
import { createSecret, resolveConfig, type Secret } from '@bud-foundry/core'
import { retentionSchema } from '@bud-foundry/metrics'
import { z } from 'zod'

const integer = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+$/, { error: (issue) => `'${String(issue.input)}' is not a whole number from ${String(low)} to ${String(high)}` })
    .transform(Number)
    .pipe(z.int().min(low).max(high))
const secret = z
  .string()
  .min(1)
  .transform((value): Secret => createSecret(value))

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})

/** Every variable that the server reads; anything else in the environment is none of its business. */
export const environmentSchema = z.object({
  BUD_HOST: z.string().min(1).default('127.0.0.1'),
  BUD_PORT: integer(0, 65_535).prefault('3000'),
  BUD_DATA_DIR: z.string().min(1).default('.bud'),
  BUD_LOG_FORMAT: z.enum(['human', 'json']).default('human'),
  BUD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** An external ClickHouse instead of the embedded engine, e.g. http://user:password@127.0.0.1:8123/database */
  BUD_CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Days that rows are kept, as JSON: `{"requestDays":30,"payloadDays":7,"projects":{"mine":{"requestDays":90}}}`; absent: for ever. */
  BUD_RETENTION: json.pipe(retentionSchema).optional(),
  /** Replicas of the engine twin; 0 turns it off. */
  BUD_TWINS: integer(0, 16).prefault('2'),
  /** An OpenAI-compatible engine, e.g. http://127.0.0.1:8000/v1 */
  BUD_UPSTREAM_URL: z.url({ protocol: /^https?$/ }).optional(),
  BUD_UPSTREAM_API_KEY: secret.optional(),
  /** Path of a kubeconfig: its cluster then stands beside the demo in the console, for administrators. */
  BUD_KUBECONFIG: z.string().min(1).optional(),
  /** Context of that file; default its current one. */
  BUD_KUBE_CONTEXT: z.string().min(1).optional(),
  /** Share of requests, 0 to 1, whose texts are kept and shown with them; 0 keeps none. */
  BUD_CAPTURE_SHARE: z
    .string()
    .regex(/^(0|1|0?\.\d+|1\.0+)$/, { error: (issue) => `'${String(issue.input)}' is not a share from 0 to 1` })
    .transform(Number)
    .prefault('0'),
  OPENAI_API_KEY: secret.optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  ANTHROPIC_API_KEY: secret.optional(),
  ANTHROPIC_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.anthropic.com'),
})

export type ServerEnvironment = Readonly<z.output<typeof environmentSchema>>

/** An empty variable counts as absent, as shells and compose files leave them behind. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): ServerEnvironment {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
  return resolveConfig('environment', environmentSchema, present)
}
