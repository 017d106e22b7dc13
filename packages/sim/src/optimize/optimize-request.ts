/** What optimize is asked: the schema, its defaults, and the model it speaks of. */
import {
  type ConfigIssue,
  deviceSchema,
  type LatencyObjective,
  latencyObjectiveSchema,
  type ModelSpec,
  modelSpecSchema,
  parseModelConfig,
  precisionSchema,
  toConfigIssues,
  workloadSchema,
} from '@bud-foundry/core'
import { z } from 'zod'
import type { Corrections } from '../correct/corrections.ts'
import { simErrors } from '../errors.ts'
import { hardwareDescriptionSchema } from '../hardware/own-hardware.ts'
import { listHardware } from '../hardware/hardware-registry.ts'
import { limits } from '../limits.ts'
import { assertGenerates } from '../model/model-kind.ts'
import { nameFromStated } from '../model/model-name.ts'
import { findModel } from '../model/model-registry.ts'
import { servingSettingsSchema, speculativeSchema } from '../settings.ts'

export const optimizeRequestSchema = z
  .strictObject({
    /** A built-in model's Hugging Face id, the content of a config.json, or a ModelSpec. */
    model: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
    /** The Hugging Face id that the engines load, when `model` is a configuration. */
    modelId: z.string().min(1).max(200).optional(),
    /** One entry for each node or kind of device. */
    devices: z
      .array(deviceSchema.extend({ count: z.int().positive().max(limits.devicesPerKind) }))
      .min(1)
      .max(limits.devices),
    /** Hardware that is not built in, by its id in `devices`; goes before what is built in. */
    hardware: z.array(hardwareDescriptionSchema).max(limits.devices).optional(),
    workload: workloadSchema.optional(),
    objective: latencyObjectiveSchema
      .extend({
        /** What each user sees while an answer comes: the same as a time per output token of 1000 / this. */
        outputTokensPerSecondPerUser: z.number().positive().optional(),
      })
      .optional(),
    /** Fills in prices of devices that have none from the package's table; absent: such devices stay without a price. */
    market: z.enum(['on-demand', 'spot']).optional(),
    /** What to prefer among plans that meet the objective. */
    goal: z.enum(['cost', 'latency', 'throughput']).default('cost'),
    /** Absent: all that load the model's own repository; llama.cpp, which needs a GGUF conversion, only where none of them runs. */
    engines: z.array(z.string().min(1)).min(1).max(16).optional(),
    /** Formats that weights may be served in; absent: the checkpoint's own, and after it what an engine converts to while loading. */
    precisions: z.array(precisionSchema).min(1).optional(),
    /** Longest request that must be accepted; absent: the workload's length with room to spare. */
    maxModelTokens: z.int().positive().optional(),
    /** Whether prefill and decode may be given replicas of their own; absent: both ways are looked at. */
    serving: z.enum(['aggregated', 'disaggregated', 'both']).default('both'),
    /** Bytes a second from one device of a prefill replica to one of a decode replica; absent: what such servers usually have. */
    linkBytesPerSecond: z.number().positive().optional(),
    /** Ways to guess tokens that may be used; absent: none. */
    speculation: z.array(speculativeSchema).min(1).max(8).optional(),
    /** What is not searched: as given for every configuration. */
    settings: servingSettingsSchema.pick({ memoryUtilization: true, expertVariation: true, lora: true }).partial().optional(),
    /** `wide` also tries every batch limit, whole prompts, block sizes and switching off the prefix cache. */
    space: z.enum(['usual', 'wide']).default('usual'),
    /** How a wide space is searched; `auto`: one by one up to some thousand configurations, beyond that by NSGA-II. */
    search: z.enum(['auto', 'exhaustive', 'evolutionary']).default('auto'),
    plans: z.int().min(1).max(limits.plans).default(10),
  })
  .superRefine((request, context) => {
    if (request.workload?.concurrency !== undefined && request.workload.requestsPerSecond !== undefined)
      context.addIssue({ code: 'custom', path: ['workload'], message: 'give concurrency or requestsPerSecond, not both' })
  })

export type OptimizeRequest = Readonly<z.input<typeof optimizeRequestSchema>>
type ParsedRequest = z.output<typeof optimizeRequestSchema>

/** Mean chat-sized requests, sixteen at once. */
export const defaultWorkload = { inputTokens: 1024, outputTokens: 256, concurrency: 16 } as const

export interface ResolvedRequest extends Omit<ParsedRequest, 'model' | 'workload' | 'maxModelTokens' | 'objective'> {
  readonly objective: LatencyObjective | undefined
  readonly model: ModelSpec
  readonly workload: NonNullable<ParsedRequest['workload']>
  readonly maxModelTokens: number
  readonly corrections: Corrections
}

function resolveModel(request: ParsedRequest): ModelSpec {
  if (typeof request.model === 'string') return findModel(request.model)
  if ('layerGroups' in request.model) {
    const spec = modelSpecSchema.safeParse(request.model)
    if (spec.success) return spec.data
    throw simErrors.REQUEST_INVALID({ what: 'the model', issues: toConfigIssues(spec.error) })
  }
  const stated = request.model['_name_or_path']
  return parseModelConfig(
    request.modelId ?? (typeof stated === 'string' && stated !== '' ? nameFromStated(stated) : 'custom-model'),
    request.model,
  )
}

/** Adds the plain value that was given, which is never a secret here, and the ids where one of hardware is needed. */
function explainIssue(issue: ConfigIssue, input: unknown): ConfigIssue {
  const given = issue.path
    .split('.')
    .reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), input)
  const plain = typeof given === 'number' || typeof given === 'boolean' || typeof given === 'string'
  return {
    ...issue,
    message: plain ? `is ${JSON.stringify(given).slice(0, 80)}: ${issue.message}` : issue.message,
    ...(issue.path.endsWith('.hardwareId')
      ? {
          fix: `use one of ${listHardware()
            .map(({ id }) => id)
            .join(', ')}`,
        }
      : {}),
  }
}

function resolveObjective(given: ParsedRequest['objective']): LatencyObjective | undefined {
  if (given === undefined) return undefined
  const { outputTokensPerSecondPerUser: perUser, ...objective } = given
  if (perUser === undefined) return objective
  return { ...objective, timePerOutputTokenMs: Math.min(objective.timePerOutputTokenMs ?? Infinity, 1000 / perUser) }
}

const nextPowerOfTwo = (value: number) => 2 ** Math.ceil(Math.log2(value))

/** @throws SIM_REQUEST_INVALID listing every problem; SIM_MODEL_UNKNOWN; SIM_MODEL_CANNOT_GENERATE; CORE_MODEL_CONFIG_INVALID. */
export function resolveOptimizeRequest(input: unknown, corrections: Corrections): ResolvedRequest {
  const parsed = optimizeRequestSchema.safeParse(input)
  if (!parsed.success)
    throw simErrors.REQUEST_INVALID({
      what: 'the optimize request',
      issues: toConfigIssues(parsed.error).map((issue) => explainIssue(issue, input)),
    })
  const request = parsed.data
  const model = resolveModel(request)
  assertGenerates(model)
  const workload = request.workload ?? defaultWorkload
  const needed = workload.inputTokens + workload.outputTokens
  const issues: ConfigIssue[] = []
  if (needed > model.contextLength)
    issues.push({
      path: 'workload',
      message: `${String(needed)} tokens of input and output are more than the model's context of ${String(model.contextLength)}`,
      fix: `use at most ${String(model.contextLength)} together`,
    })
  if (request.maxModelTokens !== undefined && request.maxModelTokens < needed)
    issues.push({
      path: 'maxModelTokens',
      message: `is less than the workload's ${String(needed)} tokens`,
      fix: `use at least ${String(needed)}`,
    })
  if (issues.length > 0) throw simErrors.REQUEST_INVALID({ what: 'the optimize request', issues })
  const roomy = Math.max(4096, nextPowerOfTwo(2 * needed))
  return {
    ...request,
    objective: resolveObjective(request.objective),
    corrections,
    model: request.modelId === undefined ? model : { ...model, id: request.modelId },
    workload:
      workload.concurrency === undefined && workload.requestsPerSecond === undefined
        ? { ...workload, concurrency: defaultWorkload.concurrency }
        : workload,
    maxModelTokens: Math.min(model.contextLength, request.maxModelTokens ?? roomy),
  }
}
