/** The optimizer: plans that fit, ranked as asked, refusals that help. */
import { type Clock, deploymentPlanSchema, systemClock } from '@bud-foundry/core'
import {
  createOptimizerHandler,
  estimateReplica,
  findEngine,
  findHardware,
  findModel,
  listModels,
  minimumDevices,
  noCorrections,
  nonDominated,
  optimize,
  prepareReplica,
  type OptimizeRequest,
} from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const base = {
  model: 'meta-llama/Llama-3.1-8B-Instruct',
  devices: [
    { hardwareId: 'h100-sxm', count: 4, usdPerHour: 3 },
    { hardwareId: 'l4', count: 8, usdPerHour: 0.8 },
  ],
  workload: { inputTokens: 1000, outputTokens: 300, concurrency: 32 },
  objective: { timeToFirstTokenMs: 2000, timePerOutputTokenMs: 30 },
} as const satisfies OptimizeRequest

describe('optimize', () => {
  it('returns valid plans that meet the objective, cheapest first', async () => {
    const { plans, rejected, summary } = await optimize(base)
    expect(plans.length).toBeGreaterThan(1)
    for (const plan of plans) {
      expect(deploymentPlanSchema.parse(plan)).toEqual(plan)
      expect(plan.predicted.meetsObjective).toBe(true)
      expect(plan.reasons.length).toBeGreaterThan(3)
    }
    const costs = plans.map((plan) => plan.cost?.usdPerHour ?? Number.NaN)
    expect(costs).toEqual([...costs].sort((left, right) => left - right))
    expect(new Set(plans.map((plan) => plan.name)).size).toBe(plans.length)
    expect(rejected.some(({ kind }) => kind === 'misses-objective')).toBe(true)
    expect(summary[0]).toMatch(/^Best: /)
  })

  it('never returns a plan that does not fit, uses more devices than there are, or splits what cannot be split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...listModels()),
        fc.constantFrom('h100-sxm', 'h200-sxm', 'b200-sxm', 'a100-sxm-80gb', 'l40s', 'mi300x', 'rtx-4090', 'epyc-9654'),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 200 }),
        async (model, hardwareId, count, concurrency) => {
          const outcome = await optimize({
            model,
            devices: [{ hardwareId, count }],
            workload: { inputTokens: 500, outputTokens: 100, concurrency },
            serving: 'aggregated',
            plans: 20,
          }).catch((error: unknown) => error)
          if (outcome instanceof Error) {
            expect(outcome.message).toMatch(/does not fit|no engine can serve/)
            return
          }
          // Not an error, so it is the result.
          const { plans } = outcome as Awaited<ReturnType<typeof optimize>>
          expect(plans.length).toBeGreaterThan(0)
          for (const plan of plans) {
            const memory = plan.memoryPerDevice
            expect(memory.weightsBytes + memory.kvCacheBytes + memory.activationsBytes + memory.overheadBytes).toBeLessThanOrEqual(
              memory.capacityBytes,
            )
            expect(plan.replicas * plan.devicesPerReplica).toBeLessThanOrEqual(count)
            expect(plan.parallelism.tensor).toBeLessThanOrEqual(findHardware(hardwareId).devicesPerNode)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('prefers the weights that the model has to those that somebody would have to convert', async () => {
    const request = { model: 'meta-llama/Llama-3.1-70B-Instruct', devices: [{ hardwareId: 'h200-sxm', count: 16 }] }
    const { plans } = await optimize({ ...request, plans: 100 })
    expect(plans[0]?.precision.weights).toBe('bf16')
    expect(plans.map(({ engine }) => engine.id)).not.toContain('llama-cpp')
    const converted = plans.map(({ precision }) => precision.weights !== 'bf16')
    expect(converted).toContain(true)
    expect(converted).toEqual([...converted].sort())
    for (const plan of plans) expect(plan.reasons[0]?.startsWith('It assumes converted weights')).toBe(plan.precision.weights !== 'bf16')
    expect((await optimize({ ...request, precisions: ['fp8'] })).plans[0]?.precision.weights).toBe('fp8')
    const gguf = (await optimize({ ...request, engines: ['llama-cpp'] })).plans[0]
    expect(gguf?.engine.id).toBe('llama-cpp')
    expect(gguf?.reasons[0]).toMatch(/^It assumes converted weights: a GGUF repository/)
  })

  it('gives the same answer every time', async () => {
    expect(await optimize(base)).toEqual(await optimize(base))
  })

  it('takes the content of a config.json', async () => {
    const config = {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      num_hidden_layers: 16,
      hidden_size: 2048,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      intermediate_size: 8192,
      vocab_size: 128_256,
      max_position_embeddings: 8192,
    }
    const { plans } = await optimize({ ...base, model: config, modelId: 'me/mine' })
    expect(plans[0]?.model.id).toBe('me/mine')
    expect(plans[0]?.launch.args.join(' ')).toContain('me/mine')
    const named = async (name: string) => (await optimize({ ...base, model: { ...config, _name_or_path: name } })).plans[0]?.model.id
    expect(await named('/data/checkpoints/mine')).toBe('mine')
    expect(await named('us/ours')).toBe('us/ours')
  })

  it('refuses a model that cannot generate text', async () => {
    const config = {
      num_hidden_layers: 12,
      hidden_size: 768,
      num_attention_heads: 12,
      intermediate_size: 3072,
      vocab_size: 30_522,
      max_position_embeddings: 2048,
    }
    const ask = (architecture: string, modelType: string) =>
      optimize({ ...base, model: { ...config, architectures: [architecture], model_type: modelType }, modelId: 'me/mine' })
    for (const [architecture, type] of [
      ['BertModel', 'bert'],
      ['XLMRobertaModel', 'xlm-roberta'],
      ['ModernBertForMaskedLM', 'modernbert'],
      ['LlamaForSequenceClassification', 'llama'],
    ] as const)
      await expect(ask(architecture, type)).rejects.toThrow(
        expect.objectContaining({
          code: 'SIM_MODEL_CANNOT_GENERATE',
          message: expect.stringMatching(`${architecture}.*'encoder'.*cannot generate`),
        }),
      )
    for (const [architecture, type] of [
      ['LlamaForCausalLM', 'llama'],
      ['BertLMHeadModel', 'bert'],
    ] as const)
      expect((await ask(architecture, type)).plans.length).toBeGreaterThan(0)
  })

  it('uses more devices for a tighter objective, and for more throughput', async () => {
    const devices = [{ hardwareId: 'h100-sxm', count: 8, usdPerHour: 3 }]
    const used = async (request: Partial<OptimizeRequest>) => {
      const plan = (await optimize({ ...base, devices, ...request })).plans[0]
      return (plan?.replicas ?? 0) * (plan?.devicesPerReplica ?? 0)
    }
    expect(await used({ objective: { timePerOutputTokenMs: 100 } })).toBe(1)
    expect(await used({ objective: { timePerOutputTokenMs: 6 } })).toBeGreaterThan(1)
    expect(await used({ goal: 'throughput', objective: undefined })).toBe(8)
  })

  it('says when nothing meets the objective, and offers the nearest', async () => {
    const { plans, summary } = await optimize({ ...base, objective: { timePerOutputTokenMs: 0.5 } })
    expect(plans[0]?.predicted.meetsObjective).toBe(false)
    expect(summary[0]).toMatch(/Nothing meets the objective/)
  })

  it('does not call a load beyond capacity a met objective, and uses every device against the queue', async () => {
    const request = {
      ...base,
      devices: [{ hardwareId: 'l4', count: 4, usdPerHour: 0.8 }],
      workload: { ...base.workload, concurrency: 100_000 },
      objective: { timePerOutputTokenMs: 10_000 },
    }
    const { plans, summary } = await optimize(request)
    expect(plans[0]?.predicted.meetsObjective).toBe(false)
    expect((plans[0]?.replicas ?? 0) * (plans[0]?.devicesPerReplica ?? 0)).toBe(4)
    expect(plans[0]?.reasons[0]).toMatch(/requests at once, 99,\d+ more wait/)
    expect(summary.join(' ')).toMatch(/Nothing meets the objective.*more wait for a place/)
    const { plans: unbound } = await optimize({ ...request, objective: undefined })
    expect((unbound[0]?.replicas ?? 0) * (unbound[0]?.devicesPerReplica ?? 0)).toBe(4)
  })

  it('scales replicas until no request waits, with or without an objective', async () => {
    const devices = [{ hardwareId: 'l4', count: 64, usdPerHour: 0.8 }]
    for (const objective of [undefined, { timePerOutputTokenMs: 10_000 }]) {
      const { plans } = await optimize({ ...base, devices, objective, workload: { ...base.workload, concurrency: 500 } })
      expect(plans[0]?.predicted.meetsObjective).toBe(true)
      expect((plans[0]?.replicas ?? 0) * (plans[0]?.devicesPerReplica ?? 0)).toBeGreaterThan(1)
      expect(plans[0]?.reasons.join(' ')).not.toMatch(/wait/)
    }
  })

  it('splits over nodes what one node does not hold', async () => {
    const { plans } = await optimize({
      model: 'deepseek-ai/DeepSeek-V3',
      devices: [{ hardwareId: 'h100-sxm', count: 16 }],
      engines: ['vllm'],
    })
    expect(plans[0]).toMatchObject({ devicesPerReplica: 16, nodesPerReplica: 2 })
  })

  it('names hardware that would fit when nothing does', async () => {
    await expect(optimize({ ...base, model: 'deepseek-ai/DeepSeek-V3' })).rejects.toThrow(/would fit on .*8 × h200-sxm/)
    expect(minimumDevices(findModel('deepseek-v3'), findHardware('h200-sxm'), 4096)).toBe(8)
  })

  it('lists every problem of a bad request at once', async () => {
    const bad = { model: '', devices: [{ hardwareId: 'h100-sxm', count: 0 }], objective: { timeToFirstTokenMs: 0 }, colour: 'red' }
    // On purpose of the wrong type, as it comes from a wire.
    await expect(optimize(bad as unknown as OptimizeRequest)).rejects.toThrow(
      /devices\.0\.count[\s\S]*objective\.timeToFirstTokenMs[\s\S]*colour/,
    )
  })

  it('says which value is wrong, and which hardware there is', async () => {
    const bad = { model: 'qwen3-8b', devices: [{ count: -3 }], workload: { inputTokens: 0.5, outputTokens: 10 } }
    // On purpose of the wrong type, as it comes from a wire.
    await expect(optimize(bad as unknown as OptimizeRequest)).rejects.toThrow(
      /devices\.0\.hardwareId: is required and missing \(use one of .*h100-sxm.*mi300x[\s\S]*devices\.0\.count: is -3: [\s\S]*inputTokens: is 0\.5: /,
    )
  })

  it.each([
    ['unknown hardware', { devices: [{ hardwareId: 'h101', count: 1 }] }, 'SIM_HARDWARE_UNKNOWN'],
    ['an unknown model', { model: 'gpt-nothing' }, 'SIM_MODEL_UNKNOWN'],
    ['an unknown engine', { engines: ['ollama'] }, 'SIM_ENGINE_UNKNOWN'],
    ['more tokens than the context', { workload: { inputTokens: 200_000, outputTokens: 1, concurrency: 1 } }, 'SIM_REQUEST_INVALID'],
    ['no free device', { devices: [{ hardwareId: 'h100-sxm', count: 4, available: 0 }] }, 'SIM_NOTHING_RUNS'],
  ])('refuses %s', async (_, change, code) => {
    await expect(optimize({ ...base, ...change })).rejects.toThrow(expect.objectContaining({ code }))
  })

  it('gives the event loop a turn before it has worked for ten milliseconds', async () => {
    // Every reading of this clock finds two more milliseconds gone; a turn takes none.
    let nowMs = 0
    let turnMs = 0
    let longestMs = 0
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => {
        nowMs += 2
        longestMs = Math.max(longestMs, nowMs - turnMs)
        return nowMs
      },
      sleep: () => {
        turnMs = nowMs
        return Promise.resolve()
      },
    }
    await optimize(base, { clock })
    expect(turnMs).toBeGreaterThan(0)
    expect(longestMs).toBeLessThanOrEqual(10)
  })

  it('stops when its signal aborts, and reports progress', async () => {
    await expect(optimize(base, { signal: AbortSignal.abort() })).rejects.toThrow(expect.objectContaining({ code: 'CORE_ABORTED' }))
    const seen: number[] = []
    const { examined } = await optimize(base, { onProgress: (progress) => seen.push(progress.examined) })
    expect(seen.at(-1)).toBe(examined)
  })
})

describe('words of a plan', () => {
  it('say what would hold a model that does not fit, in narrower weights too', async () => {
    const asked = optimize({ model: 'meta-llama/Llama-3.3-70B-Instruct', devices: [{ hardwareId: 'rtx-4090', count: 1 }] })
    await expect(asked).rejects.toThrow(/8 × rtx-4090 \(26 GB each; 4 in 8 bits, 2 from a 4-bit checkpoint of it \(AWQ, GPTQ\)\)/)
  })

  it('say why what looks better comes later, and why guesses are not used', async () => {
    const one = { model: 'meta-llama/Llama-3.1-8B-Instruct', devices: [{ hardwareId: 'm4-max', count: 1 }] }
    const { summary } = await optimize({ ...one, workload: { inputTokens: 500, outputTokens: 100, concurrency: 1 } })
    expect(summary.join('\n')).toMatch(/less latency|times the latency.*it comes later because/)
    const guessing = await optimize({
      model: 'meta-llama/Llama-3.1-8B-Instruct',
      devices: [{ hardwareId: 'l4', count: 2 }],
      engines: ['vllm'],
      speculation: [{ method: 'mtp', tokens: 1 }],
    })
    expect(guessing.summary.join('\n')).toContain('Speculative decoding (mtp) is not used: ')
  })
})

describe('the throughput of replicas', () => {
  it('is no more than the requests in flight allow (Little)', async () => {
    const devices = [{ hardwareId: 'h100-sxm', count: 8 }]
    const workload = { inputTokens: 1000, outputTokens: 300, concurrency: 9 }
    const { plans } = await optimize({ model: 'Qwen/Qwen3-8B', devices, workload, goal: 'throughput', engines: ['vllm'], plans: 20 })
    expect(plans.some(({ replicas }) => replicas === 8)).toBe(true)
    for (const { predicted } of plans)
      expect(predicted.outputTokensPerSecond.mid).toBeCloseTo((9 * 300) / (predicted.endToEndMs.mid / 1000), 6)
  })
})

describe('what nothing beats', () => {
  it('is what comparing all with all finds', () => {
    const goals = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(goals, (items) => {
        const dominates = (left: readonly number[], right: readonly number[]) =>
          left.every((value, index) => value <= (right[index] ?? 0)) && left.some((value, index) => value < (right[index] ?? 0))
        const expected = items.filter(
          (one, index) =>
            items.every((other) => !dominates(other, one)) && items.findIndex((other) => other.join() === one.join()) === index,
        )
        expect(nonDominated(items, (item) => item)).toEqual(expected)
      }),
    )
  })
})

describe('a plan and a prediction', () => {
  it('agree: both are of the version that is launched', async () => {
    const hardware = findHardware('mi300x')
    const devices = [{ hardwareId: 'mi300x', count: 1 }]
    const workload = { inputTokens: 1000, outputTokens: 200, concurrency: 8 }
    const { plans } = await optimize(
      { model: 'Qwen/Qwen3-8B', devices, workload, engines: ['vllm'], precisions: ['bf16'] },
      { corrections: noCorrections },
    )
    const [plan] = plans
    expect(plan?.launch.image).toContain(plan?.engine.version)
    const model = findModel('Qwen/Qwen3-8B')
    const engine = findEngine('vllm')
    const at = (engineVersion: string) => {
      const replica = prepareReplica({ model, hardware, engineId: 'vllm', engineVersion, settings: { maxModelTokens: 8192 } })
      return estimateReplica(replica, workload)?.timePerOutputTokenSeconds ?? 0
    }
    // An image of vLLM 0.11 is timed as such, not as what came later.
    expect(at(engine.versionFor(hardware))).toBeGreaterThan(at('0.18.0') * 1.05)
    expect((plan?.predicted.timePerOutputTokenMs.mid ?? 0) / 1000).toBeGreaterThan(at('0.18.0') * 1.05)
  })
})

describe('the optimizer as a fetch handler', () => {
  const handler = createOptimizerHandler()
  const post = (body: string) => handler(new Request('http://localhost/optimize', { method: 'POST', body }))

  it('answers a request with plans', async () => {
    const response = await post(JSON.stringify(base))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      plans: expect.arrayContaining([expect.objectContaining({ schemaVersion: 1 })]),
      rejected: expect.any(Array),
    })
  })

  it.each([
    ['broken JSON', '{', 400, 'SIM_REQUEST_INVALID'],
    ['an empty body', '', 400, 'SIM_REQUEST_INVALID'],
    ['a large string without an end', `"${'\\"'.repeat(1_900_000)}`, 400, 'SIM_REQUEST_INVALID'],
    ['a large number of quotes', `[${'"'.repeat(3_900_000)}`, 400, 'SIM_REQUEST_INVALID'],
    ['a wrong request', '{"model":3}', 400, 'SIM_REQUEST_INVALID'],
    ['a model that is none', JSON.stringify({ ...base, model: { hello: 1 } }), 400, 'CORE_MODEL_CONFIG_INVALID'],
    ['what does not fit', JSON.stringify({ ...base, model: 'deepseek-v3' }), 422, 'SIM_MODEL_DOES_NOT_FIT'],
    ['a body that is too large', `"${'x'.repeat(5_000_000)}"`, 413, 'SIM_BODY_TOO_LARGE'],
  ])('answers %s with a clear error', async (_, body, status, code) => {
    const response = await post(body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code, message: expect.any(String) } })
  })

  it("takes Python's Infinity and NaN in a config.json, and leaves them alone in text", async () => {
    const config =
      '{"model_type":"llama","_name_or_path":"NaN/Infinity \\"NaN","time_limit":[0.0,Infinity,-Infinity,NaN],"num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"intermediate_size":128,"vocab_size":100,"max_position_embeddings":4096}'
    const response = await post(`{"model":${config},"devices":[{"hardwareId":"l4","count":1}]}`)
    expect(await response.json()).toMatchObject({ plans: expect.arrayContaining([expect.objectContaining({ schemaVersion: 1 })]) })
    expect((await post('{"model":"qwen3-8b","devices":[{"hardwareId":"l4","count":Infinity}]}')).status).toBe(400)
  })

  it('wants a POST', async () => {
    expect((await handler(new Request('http://localhost/'))).status).toBe(405)
  })
})
