/** `bud-sim memory`: what a model takes on each device. */
import type { ModelSpec } from '@bud-foundry/core'
import { findEngine } from '../engine/engine-registry.ts'
import { fitMemory } from '../memory/fit.ts'
import { cacheBytesPerToken } from '../memory/kv-cache.ts'
import { checkpointBytes, loraBytesPerDevice, visionBytesPerDevice, weightBytesPerDevice } from '../memory/weights.ts'
import { isEncoder } from '../model/model-kind.ts'
import { minimumDevices, suggestHardware } from '../optimize/suggestions.ts'
import { drawMemory } from '../picture/pictures.ts'
import { devicesOf, type ServingSettings } from '../settings.ts'
import { NegativeAnswer, onlyArgument, parseFlags, toTable, type Command } from './command.ts'
import { readHardware } from './hardware-argument.ts'
import { readModel } from './model-argument.ts'
import { servingFlags, servingUsage, toSettings } from './serving-flags.ts'

/** What the weights hold besides the language model itself, on each device. */
function partsOfWeights(model: ModelSpec, settings: ServingSettings): readonly (readonly [string, number])[] {
  const vision = visionBytesPerDevice(model, settings)
  const lora = loraBytesPerDevice(model, settings)
  const draft =
    settings.speculative === undefined
      ? 0
      : weightBytesPerDevice(model, settings) - weightBytesPerDevice(model, { ...settings, speculative: undefined })
  return (
    [
      ['the vision tower', vision],
      ['adapters', lora],
      ['what guesses tokens', draft],
    ] as const
  ).filter(([, bytes]) => bytes > 0)
}

export const memoryCommand: Command = {
  name: 'memory',
  summary: 'exact parameters, and bytes on each device',
  usage: `bud-sim memory <model or config.json> ${servingUsage} [--svg FILE.svg] [--json]`,
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, { ...servingFlags, svg: { type: 'string' }, json: { type: 'boolean' } })
    const model = await readModel(onlyArgument(positionals), values['model-id'], context)
    const hardware = await readHardware(values.hardware, context)
    const engine = findEngine(values.engine)
    const settings = toSettings(model, values, 8192)
    const fit = fitMemory({ model, hardware, settings, overhead: engine.overhead(model, hardware) })
    const refused = engine.refuse(model, settings, hardware)
    const least = fit.fits ? undefined : minimumDevices(model, hardware, settings.maxModelTokens)
    const suggestions = fit.fits ? [] : suggestHardware(model, [hardware], settings.maxModelTokens)
    const result = {
      model: model.id,
      parameters: model.parameters,
      activeParameters: model.activeParameters,
      checkpointBytes: checkpointBytes(model),
      hardwareId: hardware.id,
      engineId: engine.id,
      devices: devicesOf(settings),
      settings,
      cacheBytesPerToken: cacheBytesPerToken(model, settings),
      perDevice: fit,
      fits: fit.fits && refused === undefined,
      ...(refused === undefined ? {} : { refused }),
      ...(least === undefined ? {} : { leastDevices: least }),
      ...(suggestions.length === 0 ? {} : { suggestions }),
      unmodelled: model.unmodelled,
    }
    if (values.svg !== undefined)
      await context.writeFile(values.svg, drawMemory([{ name: `${String(result.devices)} × ${hardware.id}`, memoryPerDevice: fit }]))
    if (values.json === true) {
      context.print(JSON.stringify(result, null, 2))
      if (!result.fits) throw new NegativeAnswer()
      return
    }
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
    context.print(
      [
        `${model.id}: ${model.parameters.toLocaleString('en-US')} parameters, ${gigabytes(result.checkpointBytes)} to download`,
        `on each of ${String(result.devices)} × ${hardware.name} (${engine.name}, ${settings.weights} weights, ${settings.kvCache} cache):`,
        toTable(
          ['part', 'bytes'],
          [
            ['weights', gigabytes(fit.weightsBytes)],
            ...partsOfWeights(model, settings).map(([name, bytes]) => [`  of them ${name}`, gigabytes(bytes)]),
            ['activations', gigabytes(fit.activationsBytes)],
            ['engine overhead', gigabytes(fit.overheadBytes)],
            ['left for KV cache', gigabytes(fit.kvCacheBytes)],
            ['usable', gigabytes(fit.usableBytes)],
          ],
        ),
        isEncoder(model)
          ? 'KV cache: none, as an encoder reads a request in one pass.'
          : `KV cache: ${result.cacheBytesPerToken.toLocaleString('en-US')} bytes a token, ${fit.cacheTokens.toLocaleString('en-US')} tokens, ${String(fit.fullSequences)} requests of ${String(settings.maxModelTokens)} tokens`,
        result.fits
          ? 'It fits.'
          : `It does not fit${refused === undefined ? '' : `: ${refused}`}${least === undefined ? '' : `; ${String(least)} device${least === 1 ? '' : 's'} would do`}.`,
        ...(least === undefined && suggestions.length > 0 ? [`It would fit on ${suggestions.join('; or ')}.`] : []),
        ...model.unmodelled.map((note) => `Not modelled: ${note}.`),
        ...(values.svg === undefined ? [] : [`picture: ${values.svg}`]),
      ].join('\n'),
    )
    if (!result.fits) throw new NegativeAnswer()
  },
}
