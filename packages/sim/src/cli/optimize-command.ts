/** `bud-sim optimize`: ranked deployments for a model on given devices. */
import { type DeviceInput, type ModelSpec, precisionSchema } from '@bud-foundry/core'
import { findLoadLimit } from '../optimize/load-limit.ts'
import { findMinimumHardware } from '../optimize/minimum-hardware.ts'
import type { OptimizeRequest } from '../optimize/optimize-request.ts'
import { optimize } from '../optimize/optimizer.ts'
import type { OptimizeProgress } from '../optimize/search.ts'
import { drawFront, drawLoad, drawMemory } from '../picture/pictures.ts'
import { type Command, type CommandContext, onlyArgument, parseFlags, toNumber, toTable, UsageError } from './command.ts'
import { readHardware } from './hardware-argument.ts'
import { readModel } from './model-argument.ts'
import { toLora, toSpeculative } from './serving-flags.ts'

const flags = {
  devices: { type: 'string', multiple: true },
  'model-id': { type: 'string' },
  isl: { type: 'string', default: '1024' },
  osl: { type: 'string', default: '256' },
  concurrency: { type: 'string' },
  'request-rate': { type: 'string' },
  ttft: { type: 'string' },
  tpot: { type: 'string' },
  e2e: { type: 'string' },
  throughput: { type: 'string' },
  'user-throughput': { type: 'string' },
  prefix: { type: 'string' },
  precision: { type: 'string', multiple: true },
  serving: { type: 'string' },
  'link-gbps': { type: 'string' },
  speculative: { type: 'string' },
  'speculative-tokens': { type: 'string' },
  acceptance: { type: 'string' },
  'draft-model': { type: 'string' },
  space: { type: 'string' },
  'memory-utilization': { type: 'string' },
  'expert-variation': { type: 'string' },
  'lora-adapters': { type: 'string' },
  'lora-rank': { type: 'string' },
  'hardware-profile': { type: 'string', multiple: true },
  minimum: { type: 'boolean' },
  'devices-max': { type: 'string' },
  goal: { type: 'string' },
  engine: { type: 'string', multiple: true },
  market: { type: 'string' },
  plans: { type: 'string', default: '5' },
  grow: { type: 'boolean' },
  svg: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** `h100-sxm:8` or `h100-sxm:8@2.99`, the price being of one device for one hour. */
function toDevice(text: string): DeviceInput {
  const match = /^([^:@]+):(\d+)(?:@(\d+(?:\.\d+)?))?$/.exec(text)
  const [, hardwareId, count, price] = match ?? []
  if (hardwareId === undefined || count === undefined)
    throw new UsageError(`--devices is '${text}'; write hardware:count or hardware:count@usd-per-hour, e.g. h100-sxm:8@2.99`)
  return { hardwareId, count: Number(count), ...(price === undefined ? {} : { usdPerHour: Number(price) }) }
}

/** One of a few words. @throws UsageError naming them all. */
function toChoice<const Choice extends string>(flag: string, text: string | undefined, choices: readonly Choice[]): Choice | undefined {
  const found = choices.find((choice) => choice === text)
  if (text !== undefined && found === undefined)
    throw new UsageError(`--${flag} is '${text}'; use ${choices.slice(0, -1).join(', ')} or ${String(choices.at(-1))}`)
  return found
}

function toPrecisions(texts: readonly string[] | undefined): OptimizeRequest['precisions'] {
  return texts?.map((text) => {
    const parsed = precisionSchema.safeParse(text)
    if (!parsed.success) throw new UsageError(`--precision is '${text}'; use one of ${precisionSchema.options.join(', ')}`)
    return parsed.data
  })
}

const showProgress =
  (context: CommandContext) =>
  ({ examined, feasible }: OptimizeProgress): void => {
    if (context.interactive) context.printError(`${String(examined)} configurations examined, ${String(feasible)} feasible`)
  }

type Values = ReturnType<typeof parseFlags<typeof flags>>['values']

async function toRequest(model: ModelSpec, values: Values, context: CommandContext): Promise<OptimizeRequest> {
  const positive = { min: 1e-9 }
  const whole = { min: 1, whole: true }
  const number = (flag: Exclude<keyof Values, symbol | number>, range: Parameters<typeof toNumber>[2]) => {
    const value = values[flag]
    return typeof value === 'string' ? toNumber(flag, value, range) : undefined
  }
  const [concurrency, requestsPerSecond] = [number('concurrency', whole), number('request-rate', positive)]
  const objective = {
    timeToFirstTokenMs: number('ttft', positive),
    timePerOutputTokenMs: number('tpot', positive),
    endToEndMs: number('e2e', positive),
    outputTokensPerSecond: number('throughput', positive),
    outputTokensPerSecondPerUser: number('user-throughput', positive),
  }
  const linkGbps = number('link-gbps', positive)
  const speculative = toSpeculative(values)
  const profiles = await Promise.all((values['hardware-profile'] ?? []).map((file) => readHardware(file, context)))
  return {
    model: { ...model },
    devices: (values.devices ?? []).map(toDevice),
    ...(profiles.length === 0 ? {} : { hardware: profiles.map((profile) => ({ ...profile, aliases: [...profile.aliases] })) }),
    workload: {
      inputTokens: number('isl', whole) ?? 1024,
      outputTokens: number('osl', whole) ?? 256,
      sharedPrefixTokens: number('prefix', { min: 0, whole: true }),
      ...(concurrency === undefined && requestsPerSecond === undefined ? { concurrency: 16 } : {}),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    },
    ...(Object.values(objective).every((value) => value === undefined) ? {} : { objective }),
    goal: toChoice('goal', values.goal, ['cost', 'latency', 'throughput']),
    engines: values.engine,
    precisions: toPrecisions(values.precision),
    serving: toChoice('serving', values.serving, ['aggregated', 'disaggregated', 'both']),
    space: toChoice('space', values.space, ['usual', 'wide']),
    settings: {
      memoryUtilization: number('memory-utilization', { min: 0.05, max: 0.99 }),
      expertVariation: number('expert-variation', { min: 0, max: 10 }),
      lora: toLora(values),
    },
    linkBytesPerSecond: linkGbps === undefined ? undefined : (linkGbps * 1e9) / 8,
    speculation: speculative === undefined ? undefined : [speculative],
    market: toChoice('market', values.market, ['on-demand', 'spot']),
    plans: number('plans', { min: 1, max: 100, whole: true }) ?? 5,
  }
}

/** As a POSIX shell takes it for one word. */
const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The fewest devices of each kind that carry the load. */
async function answerMinimum(request: OptimizeRequest, values: Values, context: CommandContext): Promise<void> {
  const { devices, ...rest } = request
  const result = await findMinimumHardware(
    {
      ...rest,
      ...(devices.length === 0 ? {} : { hardwareIds: devices.map(({ hardwareId }) => hardwareId) }),
      devicesMax: toNumber('devices-max', values['devices-max'], { min: 1, max: 65_536, whole: true }) ?? 64,
    },
    { signal: context.signal, clock: context.clock, onProgress: showProgress(context) },
  )
  if (values.json === true) {
    context.print(JSON.stringify(result, null, 2))
    return
  }
  context.print(
    [
      toTable(
        ['hardware', 'devices', 'engine', 'tp', 'TTFT ms', 'TPOT ms', '$/h', '$/M tokens'],
        result.enough.map(({ hardwareId, devices: count, plan }) => [
          hardwareId,
          count,
          plan.engine.id,
          plan.parallelism.tensor,
          plan.predicted.timeToFirstTokenMs.mid.toFixed(0),
          plan.predicted.timePerOutputTokenMs.mid.toFixed(1),
          plan.cost === undefined ? '-' : plan.cost.usdPerHour.toFixed(2),
          plan.cost === undefined ? '-' : plan.cost.usdPerMillionOutputTokens.toFixed(3),
        ]),
      ),
      '',
      ...result.notEnough.map(({ hardwareId, reason }) => `not ${hardwareId}: ${reason.split('\n')[0] ?? ''}`),
    ].join('\n'),
  )
}

export const optimizeCommand: Command = {
  name: 'optimize',
  summary: 'ranked deployments for a model on given devices, with reasons',
  usage:
    'bud-sim optimize <model or config.json> --devices h100-sxm:8@2.99 [--devices …] [--hardware-profile FILE …] | --minimum [--devices-max 64] [--isl 1024] [--osl 256] [--concurrency N | --request-rate R] [--ttft ms] [--tpot ms] [--e2e ms] [--throughput tokens/s] [--user-throughput tokens/s] [--prefix N] [--precision fp8 …] [--serving aggregated|disaggregated|both] [--link-gbps N] [--speculative mtp|eagle|draft-model|ngram …] [--space usual|wide] [--memory-utilization 0.9] [--expert-variation 0] [--lora-adapters N --lora-rank N] [--goal cost|latency|throughput] [--engine id …] [--market on-demand|spot] [--plans 5] [--grow] [--svg folder] [--json]',
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, flags)
    const model = await readModel(onlyArgument(positionals), values['model-id'], context)
    if (positionals[0]?.endsWith('.json') === true && values['model-id'] === undefined)
      context.printError(
        `bud-sim optimize: the model is called '${model.id}' after its file; give --model-id organisation/name, the repository that the engines load`,
      )
    const request = await toRequest(model, values, context)
    if (values.minimum === true) return answerMinimum(request, values, context)
    if (request.devices.length === 0) throw new UsageError('give at least one --devices hardware:count, or --minimum to look at every kind')
    const result = await optimize(request, {
      signal: context.signal,
      clock: context.clock,
      onProgress: showProgress(context),
    })
    const growth =
      values.grow === true || values.svg !== undefined
        ? await findLoadLimit(request, { signal: context.signal, clock: context.clock })
        : undefined
    if (values.svg !== undefined) {
      await context.writeFile(`${values.svg}/front.svg`, drawFront(result.front))
      await context.writeFile(`${values.svg}/memory.svg`, drawMemory(result.plans))
      if (growth !== undefined) await context.writeFile(`${values.svg}/load.svg`, drawLoad(growth))
    }
    if (values.json === true) {
      context.print(JSON.stringify(growth === undefined ? result : { ...result, growth }, null, 2))
      return
    }
    context.print(
      [
        ...result.summary,
        ...(growth?.summary ?? []),
        '',
        toTable(
          ['plan', 'engine', 'replicas', 'tp', 'pp', 'weights', 'TTFT ms', 'TPOT ms', 'tokens/s', '$/h', '$/M tokens'],
          result.plans.map((plan) => [
            plan.name,
            `${plan.engine.id} ${plan.engine.version}`,
            plan.replicas,
            plan.parallelism.tensor,
            plan.parallelism.pipeline,
            plan.precision.weights,
            plan.predicted.timeToFirstTokenMs.mid.toFixed(0),
            plan.predicted.timePerOutputTokenMs.mid.toFixed(1),
            plan.predicted.outputTokensPerSecond.mid.toFixed(0),
            plan.cost === undefined ? '-' : plan.cost.usdPerHour.toFixed(2),
            plan.cost === undefined ? '-' : plan.cost.usdPerMillionOutputTokens.toFixed(3),
          ]),
        ),
        ...result.combined
          .slice(0, 2)
          .flatMap(({ kind, reasons }) => [
            '',
            `${kind === 'mixed' ? 'two kinds of hardware' : 'prefill and decode apart'}:`,
            ...reasons.map((reason) => `- ${reason}`),
          ]),
        '',
        ...(result.plans[0]?.reasons ?? []).map((reason) => `- ${reason}`),
        '',
        `start it: ${[...(result.plans[0]?.launch.command ?? []), ...(result.plans[0]?.launch.args ?? [])].map(quote).join(' ')}`,
        ...(values.svg === undefined
          ? []
          : [`pictures: ${['front', 'load', 'memory'].map((name) => `${String(values.svg)}/${name}.svg`).join(', ')}`]),
        `${String(result.examined)} configurations examined (${result.method}), ${String(result.rejected.length)} kinds rejected (--json lists why)`,
      ].join('\n'),
    )
  },
}
