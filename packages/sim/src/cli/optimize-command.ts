/** `bud-sim optimize`: ranked deployments for a model on given devices. */
import type { DeviceInput } from '@bud-foundry/core'
import { findLoadLimit } from '../optimize/load-limit.ts'
import type { OptimizeRequest } from '../optimize/optimize-request.ts'
import { optimize } from '../optimize/optimizer.ts'
import { drawFront, drawLoad, drawMemory } from '../picture/pictures.ts'
import type { Market } from '../price/instance-prices.ts'
import { parseFlags, toNumber, toTable, UsageError, type Command } from './command.ts'
import { readModel } from './model-argument.ts'

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

function toGoal(text: string | undefined): 'cost' | 'latency' | 'throughput' {
  if (text === undefined || text === 'cost') return 'cost'
  if (text === 'latency' || text === 'throughput') return text
  throw new UsageError(`--goal is '${text}'; use cost, latency or throughput`)
}

function toMarket(text: string | undefined): Market | undefined {
  if (text === undefined || text === 'on-demand' || text === 'spot') return text
  throw new UsageError(`--market is '${text}'; use on-demand or spot`)
}

export const optimizeCommand: Command = {
  name: 'optimize',
  summary: 'ranked deployments for a model on given devices, with reasons',
  usage:
    'bud-sim optimize <model or config.json> --devices h100-sxm:8@2.99 [--devices …] [--isl 1024] [--osl 256] [--concurrency N | --request-rate R] [--ttft ms] [--tpot ms] [--e2e ms] [--throughput tokens/s] [--goal cost|latency|throughput] [--engine id …] [--market on-demand|spot] [--plans 5] [--grow] [--svg folder] [--json]',
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, flags)
    const model = await readModel(positionals[0], values['model-id'], context)
    if (positionals[0]?.endsWith('.json') === true && values['model-id'] === undefined)
      context.printError(
        `bud-sim optimize: the model is called '${model.id}' after its file; give --model-id organisation/name, the repository that the engines load`,
      )
    if (values.devices === undefined) throw new UsageError('give at least one --devices hardware:count')
    const positive = { min: 1e-9 }
    const whole = { min: 1, whole: true }
    const concurrency = toNumber('concurrency', values.concurrency, whole)
    const requestsPerSecond = toNumber('request-rate', values['request-rate'], positive)
    const objective = {
      timeToFirstTokenMs: toNumber('ttft', values.ttft, positive),
      timePerOutputTokenMs: toNumber('tpot', values.tpot, positive),
      endToEndMs: toNumber('e2e', values.e2e, positive),
      outputTokensPerSecond: toNumber('throughput', values.throughput, positive),
    }
    const market = toMarket(values.market)
    const request: OptimizeRequest = {
      model: { ...model },
      devices: values.devices.map(toDevice),
      workload: {
        inputTokens: toNumber('isl', values.isl, whole) ?? 1024,
        outputTokens: toNumber('osl', values.osl, whole) ?? 256,
        ...(concurrency === undefined && requestsPerSecond === undefined ? { concurrency: 16 } : {}),
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
      },
      ...(Object.values(objective).every((value) => value === undefined) ? {} : { objective }),
      goal: toGoal(values.goal),
      ...(values.engine === undefined ? {} : { engines: values.engine }),
      plans: toNumber('plans', values.plans, { min: 1, max: 100, whole: true }) ?? 5,
      ...(market === undefined ? {} : { market }),
    }
    const result = await optimize(request, {
      signal: context.signal,
      clock: context.clock,
      onProgress: ({ examined, feasible }) => {
        if (context.interactive) context.printError(`${String(examined)} configurations examined, ${String(feasible)} feasible`)
      },
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
            plan.engine.id,
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
        '',
        ...(result.plans[0]?.reasons ?? []).map((reason) => `- ${reason}`),
        '',
        `start it: ${[...(result.plans[0]?.launch.command ?? []), ...(result.plans[0]?.launch.args ?? [])].join(' ')}`,
        ...(values.svg === undefined
          ? []
          : [`pictures: ${['front', 'load', 'memory'].map((name) => `${String(values.svg)}/${name}.svg`).join(', ')}`]),
        `${String(result.examined)} configurations examined, ${String(result.rejected.length)} kinds rejected (--json lists why)`,
      ].join('\n'),
    )
  },
}
