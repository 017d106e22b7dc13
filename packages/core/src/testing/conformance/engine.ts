/** What every Engine must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { Engine } from '../../contracts/engine.ts'
import type { HardwareProfile } from '../../contracts/hardware-profile.ts'
import { launchSpecSchema } from '../../model/launch-spec.ts'
import type { ModelSpec } from '../../model/model-spec.ts'
import { createSeededRandom } from '../../random/random.ts'
import { frozen, registerCases, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** What the suite is run on. */
export interface EngineConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Engine
  /** Models and devices that the engine supports; every pair is tried. */
  readonly models: readonly ModelSpec[]
  readonly hardware: readonly HardwareProfile[]
}

const combinationsMax = 40

type Settings = Readonly<Record<string, string | number | boolean>>

/** Settings drawn from the tunables: the first value of each, the last, and a seeded sample of the rest. */
function settingsOf(engine: Engine, model: ModelSpec, hardware: HardwareProfile): readonly Settings[] {
  const tunables = engine.tunables(model, hardware)
  const random = createSeededRandom(1)
  const draw = (choose: (count: number) => number) =>
    frozen(Object.fromEntries(tunables.map(({ name, values }) => [name, values[choose(values.length)] ?? 0])))
  const sample = Array.from({ length: combinationsMax }, () => draw((count) => Math.floor(random.next() * count)))
  return [draw(() => 0), draw((count) => count - 1), ...sample]
}

/** Registers the suite: `engineConformance({ describe, test, name, create, models, hardware })`. */
export function engineConformance(options: EngineConformanceOptions): void {
  const { create } = options
  const pairs = options.models.flatMap((model) => options.hardware.map((hardware) => [frozen(model), frozen(hardware)] as const))
  assert.ok(pairs.length > 0, `${options.name}: give at least one model and one device`)
  const forEach = (check: (engine: Engine, model: ModelSpec, hardware: HardwareProfile, settings: Settings) => void) => () => {
    const engine = create()
    for (const [model, hardware] of pairs)
      for (const settings of settingsOf(engine, model, hardware)) check(engine, model, hardware, settings)
  }
  const cases: readonly ConformanceCase[] = [
    [
      'names its contract, itself and at least one version, each once',
      () => {
        const engine = create()
        assert.equal(engine.contract, 'engine/1')
        assert.match(engine.id, /^[a-z][a-z0-9-]*$/)
        assert.ok(engine.versions.length > 0)
        assert.equal(new Set(engine.versions).size, engine.versions.length)
      },
    ],
    [
      'offers tunables with distinct names, each with distinct values',
      () => {
        const engine = create()
        for (const [model, hardware] of pairs) {
          const tunables = engine.tunables(model, hardware)
          assert.equal(new Set(tunables.map(({ name }) => name)).size, tunables.length)
          for (const { name, values } of tunables) {
            assert.ok(values.length > 0, `the tunable ${name} has no value`)
            assert.equal(new Set(values).size, values.length, `the tunable ${name} repeats a value`)
          }
        }
      },
    ],
    [
      'answers with memory in whole, sensible bytes for every setting that it offers',
      forEach((engine, model, hardware, settings) => {
        const memory = engine.memory(model, settings, hardware)
        for (const [part, bytes] of Object.entries(memory)) {
          assert.ok(Number.isFinite(bytes) && bytes >= 0, `${part} is ${String(bytes)} for ${JSON.stringify(settings)}`)
        }
        assert.ok(memory.weightsBytes > 0, `a model without weights, for ${JSON.stringify(settings)}`)
      }),
    ],
    [
      'launches with a valid spec for every setting that it offers, which names the model',
      forEach((engine, model, hardware, settings) => {
        const launch = launchSpecSchema.parse(engine.launch(model, settings, hardware))
        const words = [...launch.command, ...launch.args, ...Object.values(launch.env)]
        assert.ok(
          words.some((word) => word.includes(model.id)),
          `nothing in the command line names ${model.id}: ${words.join(' ')}`,
        )
        assert.ok(Object.keys(launch.resources).length > 0, 'a replica asks for no resources')
      }),
    ],
    [
      'answers the same for the same question',
      forEach((engine, model, hardware, settings) => {
        const again = create()
        assert.deepEqual(again.memory(model, settings, hardware), engine.memory(model, settings, hardware))
        assert.deepEqual(again.launch(model, settings, hardware), engine.launch(model, settings, hardware))
      }),
    ],
  ]
  registerCases(options, `${options.name} conforms to engine/1`, cases)
}
