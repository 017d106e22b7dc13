/** `bud-sim serve`: the engine twin as a process. */
import { createEngineTwin } from '../twin/engine-twin.ts'
import { parseFaultRates } from '../twin/fault.ts'
import { parseFlags, toNumber, type Command } from './command.ts'
import { readModel } from './model-argument.ts'
import { servingFlags, servingUsage, toSettings } from './serving-flags.ts'

const flags = {
  ...servingFlags,
  model: { type: 'string', default: 'meta-llama/Llama-3.1-8B-Instruct' },
  'served-model-name': { type: 'string', multiple: true },
  port: { type: 'string', default: '8000' },
  host: { type: 'string', default: '127.0.0.1' },
  seed: { type: 'string' },
  'time-scale': { type: 'string' },
  faults: { type: 'string', default: '' },
  'exit-with-parent': { type: 'boolean' },
} as const

export const serveCommand: Command = {
  name: 'serve',
  summary: 'an OpenAI-compatible simulated engine with real timing',
  usage: `bud-sim serve [--port 8000, 0 for any] [--host 127.0.0.1] [--model id or config.json] [--served-model-name name …] [--seed 1] [--time-scale 1] [--faults slow=0.1,stall=0.01,reset=0.01,5xx=0.02] [--exit-with-parent] ${servingUsage}`,
  run: async (args, context) => {
    const { values } = parseFlags(args, flags)
    const model = await readModel(values.model, values['model-id'], context)
    await using twin = createEngineTwin({
      model,
      servedModelNames: values['served-model-name'],
      hardware: values.hardware,
      engine: values.engine,
      settings: toSettings(model, values, 32_768),
      seed: toNumber('seed', values.seed, { min: 0, whole: true }),
      timeScale: toNumber('time-scale', values['time-scale'], { min: 0, max: 1000 }),
      faults: parseFaultRates(values.faults),
      clock: context.clock,
    })
    const { url, port } = await twin.listen({
      port: toNumber('port', values.port, { min: 0, max: 65_535, whole: true }),
      host: values.host,
    })
    context.print(JSON.stringify({ msg: 'ready', url, port, model: model.id, hardware: values.hardware, engine: values.engine }))
    if (!context.signal.aborted)
      await new Promise<void>((resolve) => {
        context.signal.addEventListener(
          'abort',
          () => {
            resolve()
          },
          { once: true },
        )
      })
  },
}
