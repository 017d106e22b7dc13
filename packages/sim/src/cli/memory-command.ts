/** `bud-sim memory`: what a model takes on each device. */
import { findEngine } from '../engine/engine-registry.ts'
import { findHardware } from '../hardware/hardware-registry.ts'
import { fitMemory } from '../memory/fit.ts'
import { cacheBytesPerToken } from '../memory/kv-cache.ts'
import { checkpointBytes } from '../memory/weights.ts'
import { minimumDevices } from '../optimize/suggestions.ts'
import { devicesOf } from '../settings.ts'
import { NegativeAnswer, parseFlags, toTable, type Command } from './command.ts'
import { readModel } from './model-argument.ts'
import { servingFlags, servingUsage, toSettings } from './serving-flags.ts'

export const memoryCommand: Command = {
  name: 'memory',
  summary: 'exact parameters, and bytes on each device',
  usage: `bud-sim memory <model or config.json> ${servingUsage} [--json]`,
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, { ...servingFlags, json: { type: 'boolean' } })
    const model = await readModel(positionals[0], values['model-id'], context)
    const hardware = findHardware(values.hardware)
    const engine = findEngine(values.engine)
    const settings = toSettings(model, values, 8192)
    const fit = fitMemory({ model, hardware, settings, overhead: engine.overhead(model, hardware) })
    const refused = engine.refuse(model, settings, hardware)
    const least = fit.fits ? undefined : minimumDevices(model, hardware, settings.maxModelTokens)
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
      unmodelled: model.unmodelled,
    }
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
            ['activations', gigabytes(fit.activationsBytes)],
            ['engine overhead', gigabytes(fit.overheadBytes)],
            ['left for KV cache', gigabytes(fit.kvCacheBytes)],
            ['usable', gigabytes(fit.usableBytes)],
          ],
        ),
        `KV cache: ${result.cacheBytesPerToken.toLocaleString('en-US')} bytes a token, ${fit.cacheTokens.toLocaleString('en-US')} tokens, ${String(fit.fullSequences)} requests of ${String(settings.maxModelTokens)} tokens`,
        result.fits
          ? 'It fits.'
          : `It does not fit${refused === undefined ? '' : `: ${refused}`}${least === undefined ? '' : `; ${String(least)} device${least === 1 ? '' : 's'} would do`}.`,
        ...model.unmodelled.map((note) => `Not modelled: ${note}.`),
      ].join('\n'),
    )
    if (!result.fits) throw new NegativeAnswer()
  },
}
