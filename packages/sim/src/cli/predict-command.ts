/** `bud-sim predict`: latency and throughput of one configuration. */
import type { ModelSpec } from '@bud-foundry/core'
import { loadShippedCorrections, noCorrections } from '../correct/corrections.ts'
import { createPredictor } from '../predict/predictors.ts'
import { drawLatency } from '../picture/pictures.ts'
import { acceptanceOf, acceptedTokens } from '../predict/speculation.ts'
import { devicesOf, resolveSettings, type ServingSettings } from '../settings.ts'
import { onlyArgument, parseFlags, toNumber, toTable, UsageError, type Command } from './command.ts'
import { readHardware } from './hardware-argument.ts'
import { predictDisaggregated } from './predict-disaggregated.ts'
import { readModel } from './model-argument.ts'
import { checkContext, servingFlags, servingUsage, toSettings } from './serving-flags.ts'

const flags = {
  ...servingFlags,
  isl: { type: 'string', default: '1024' },
  osl: { type: 'string', default: '256' },
  prefix: { type: 'string' },
  concurrency: { type: 'string' },
  'request-rate': { type: 'string' },
  analytical: { type: 'boolean' },
  disaggregated: { type: 'string' },
  'prefill-tp': { type: 'string' },
  'link-gbps': { type: 'string' },
  svg: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** What was assumed of features that were switched on. */
function describeFeatures(model: ModelSpec, settings: ServingSettings): string[] {
  const { speculative, pipeline, data } = settings
  return [
    ...(speculative === undefined
      ? []
      : [
          `speculative decoding (${speculative.method}): ${String(speculative.tokens)} guesses a step, ${acceptanceOf(speculative).toFixed(2)} of them right${speculative.acceptance === undefined ? ' as assumed for the method' : ''}, ${acceptedTokens(speculative).toFixed(2)} tokens a step`,
        ]),
    ...(pipeline > 1 ? [`pipeline: a prompt fills ${String(pipeline)} stages before its first token, which is counted`] : []),
    ...(data > 1 ? [`attention is copied ${String(data)} times, each with requests of its own`] : []),
    ...model.unmodelled.map((note) => `not modelled: ${note}`),
  ]
}

export const predictCommand: Command = {
  name: 'predict',
  summary: 'time to first token, time per token and throughput, with their intervals',
  usage: `bud-sim predict <model or config.json> ${servingUsage} [--isl 1024] [--osl 256] [--prefix N] [--concurrency N | --request-rate R] [--disaggregated prefill:decode [--prefill-tp N] [--link-gbps N]] [--analytical] [--svg FILE.svg] [--json]`,
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, flags)
    const model = await readModel(onlyArgument(positionals), values['model-id'], context)
    const whole = { min: 1, whole: true }
    const inputTokens = toNumber('isl', values.isl, whole) ?? 1024
    const outputTokens = toNumber('osl', values.osl, whole) ?? 256
    const rate = toNumber('request-rate', values['request-rate'], { min: 1e-6 })
    const concurrency = toNumber('concurrency', values.concurrency, whole)
    if (rate !== undefined && concurrency !== undefined)
      throw new UsageError('--concurrency and --request-rate are two ways to say how much load there is; give one of them')
    const prefix = toNumber('prefix', values.prefix, { min: 0, whole: true })
    if (prefix !== undefined && prefix > inputTokens)
      throw new UsageError(`--prefix is ${String(prefix)}, more than the prompt's ${String(inputTokens)} tokens (--isl)`)
    checkContext(model, inputTokens + outputTokens, `--isl and --osl are ${String(inputTokens + outputTokens)} tokens together`)
    const settings = toSettings(model, values, Math.max(8192, 2 * (inputTokens + outputTokens)))
    if (settings.maxModelTokens < inputTokens + outputTokens)
      throw new UsageError(`--isl and --osl are ${String(inputTokens + outputTokens)} tokens together, more than --max-model-len allows`)
    const hardware = await readHardware(values.hardware, context)
    const workload = {
      inputTokens,
      outputTokens,
      sharedPrefixTokens: prefix,
      ...(rate === undefined ? { concurrency: concurrency ?? 1 } : { requestsPerSecond: rate }),
    }
    if (values.disaggregated !== undefined) {
      const linkGbps = toNumber('link-gbps', values['link-gbps'], { min: 1e-3 })
      const tensor = toNumber('prefill-tp', values['prefill-tp'], whole) ?? settings.tensor
      predictDisaggregated(
        {
          ...{ model, hardware, engineId: values.engine, workload, counts: values.disaggregated },
          prefill: resolveSettings({ ...settings, tensor }),
          decode: settings,
          linkBytesPerSecond: linkGbps === undefined ? undefined : (linkGbps * 1e9) / 8,
        },
        values.json === true,
        context,
      )
      return
    }
    const predictor = createPredictor(values.analytical === true ? noCorrections : await loadShippedCorrections())
    const question = { model, workload, hardware, deviceCount: devicesOf(settings), engineId: values.engine, settings }
    const [prediction] = predictor.predict([question])
    if (values.svg !== undefined) {
      const { requestsPerSecond: _rate, ...lengths } = { requestsPerSecond: undefined, ...workload }
      const loads = Array.from({ length: 21 }, (_, step) => Math.round(2 ** (step / 2))).filter((load) => load <= settings.maxSequences)
      const points = predictor.predict(loads.map((load) => ({ ...question, workload: { ...lengths, concurrency: load } })))
      await context.writeFile(
        values.svg,
        drawLatency(points.map((point, index) => ({ concurrency: loads[index] ?? 1, prediction: point }))),
      )
    }
    if (values.json === true || prediction === undefined) {
      context.print(
        JSON.stringify({ model: model.id, hardwareId: hardware.id, engineId: values.engine, settings, workload, prediction }, null, 2),
      )
      return
    }
    const row = (name: string, { low, mid, high }: { low: number; mid: number; high: number }) => [
      name,
      low.toFixed(2),
      mid.toFixed(2),
      high.toFixed(2),
    ]
    context.print(
      [
        `${model.id} on ${String(devicesOf(settings))} × ${hardware.name}, ${String(inputTokens)} tokens in, ${String(outputTokens)} out (${prediction.basis}):`,
        toTable(
          ['', 'low', 'mid', 'high'],
          [
            row('time to first token, ms', prediction.timeToFirstTokenMs),
            row('time per output token, ms', prediction.timePerOutputTokenMs),
            row('output tokens/s', prediction.outputTokensPerSecond),
          ],
        ),
        ...describeFeatures(model, settings),
        ...(values.svg === undefined ? [] : [`picture: ${values.svg}`]),
      ].join('\n'),
    )
  },
}
