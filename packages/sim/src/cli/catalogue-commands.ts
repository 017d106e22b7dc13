/** `bud-sim hardware` and `bud-sim models`: what is built in. */
import { findHardware, listHardware } from '../hardware/hardware-registry.ts'
import { findModel, listModels } from '../model/model-registry.ts'
import { probeMachine } from '../probe/machine-probe.ts'
import { onlyArgument, parseFlags, toNumber, toTable, type Command, type CommandContext } from './command.ts'
import { readModel } from './model-argument.ts'

const json = { json: { type: 'boolean' } } as const

/** Measures this machine and writes its profile, which `--hardware FILE` then takes. */
async function probe(
  values: { readonly out?: string | undefined; readonly seconds?: string | undefined; readonly json?: boolean | undefined },
  context: CommandContext,
): Promise<void> {
  const seconds = toNumber('seconds', values.seconds, { min: 0.01, max: 60 }) ?? 0.5
  if (context.interactive) context.printError(`measuring memory and matrix products for ${String(2 * seconds)} s, all cores busy`)
  const today = new Date(context.clock.nowMs()).toISOString().slice(0, 10)
  const { threads, memoryBandwidthBytesPerSecond, flopsPerSecond, hardware } = await probeMachine({
    milliseconds: seconds * 1000,
    today,
    signal: context.signal,
  })
  const out = values.out ?? 'this-machine.json'
  await context.writeFile(out, `${JSON.stringify(hardware, null, 2)}\n`)
  if (values.json === true) {
    context.print(JSON.stringify(hardware, null, 2))
    return
  }
  context.print(
    [
      `${hardware.name}: ${String(threads)} threads, ${(hardware.memoryBytes / 1e9).toFixed(1)} GB`,
      `memory bandwidth ${(memoryBandwidthBytesPerSecond / 1e9).toFixed(1)} GB/s, matrix products ${(flopsPerSecond / 1e9).toFixed(1)} GFLOPS in 128-bit vectors`,
      `written: ${out}; use it as --hardware ${out}`,
    ].join('\n'),
  )
}

export const hardwareCommand: Command = {
  name: 'hardware',
  summary: 'list the devices that are known, or describe one with the source of each number',
  usage: 'bud-sim hardware [id | probe [--out this-machine.json] [--seconds 0.5]] [--json]',
  run: (args, context) => {
    const { values, positionals } = parseFlags(args, { ...json, out: { type: 'string' }, seconds: { type: 'string' } })
    const id = onlyArgument(positionals)
    if (id === 'probe') return probe(values, context)
    if (id !== undefined) {
      const hardware = findHardware(id)
      if (values.json === true) context.print(JSON.stringify(hardware, null, 2))
      else
        context.print(
          toTable(
            ['field', 'value', 'source', 'checked'],
            Object.entries(hardware.citations).map(([field, { title, checkedAt }]) => [field, valueAt(hardware, field), title, checkedAt]),
          ),
        )
      return Promise.resolve()
    }
    if (values.json === true) context.print(JSON.stringify(listHardware(), null, 2))
    else
      context.print(
        toTable(
          ['id', 'name', 'memory GB', 'GB/s', 'bf16 TFLOPS', 'fp8 TFLOPS', 'link GB/s'],
          listHardware().map((hardware) => [
            hardware.id,
            hardware.name,
            (hardware.memoryBytes / 1e9).toFixed(0),
            (hardware.memoryBandwidthBytesPerSecond / 1e9).toFixed(0),
            ((hardware.flopsPerSecond.bf16 ?? hardware.flopsPerSecond.fp16 ?? 0) / 1e12).toFixed(0),
            hardware.flopsPerSecond.fp8 === undefined ? '-' : (hardware.flopsPerSecond.fp8 / 1e12).toFixed(0),
            hardware.link === undefined ? '-' : (hardware.link.bandwidthBytesPerSecond / 1e9).toFixed(0),
          ]),
        ),
      )
    return Promise.resolve()
  },
}

function valueAt(value: unknown, path: string): string {
  let found: unknown = value
  for (const step of path.split('.')) found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  return typeof found === 'number' ? (found >= 1 ? found.toExponential(4) : String(found)) : ''
}

export const modelsCommand: Command = {
  name: 'models',
  summary: 'list the models that are known, or describe one',
  usage: 'bud-sim models [id, config.json or folder] [--json]',
  run: async (args, context) => {
    const { values, positionals } = parseFlags(args, json)
    const argument = onlyArgument(positionals)
    if (argument !== undefined) {
      context.print(JSON.stringify(await readModel(argument, undefined, context), null, 2))
      return
    }
    const models = listModels().map(findModel)
    if (values.json === true) context.print(JSON.stringify(models, null, 2))
    else
      context.print(
        toTable(
          ['model', 'parameters', 'active', 'layers', 'context', 'weights'],
          models.map((model) => [
            model.id,
            model.parameters.toLocaleString('en-US'),
            `${(model.activeParameters / 1e9).toFixed(1)} B`,
            model.layers,
            model.contextLength,
            model.quantization?.weights ?? model.precision,
          ]),
        ),
      )
  },
}
