import { requestEventSchema } from '@bud-foundry/core'
import { createFakeClock, createMemorySink } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  benchmarkEvents,
  benchmarkJob,
  clusterErrors,
  imageBuildJob,
  quantizationJob,
  readBenchmarkResult,
  renderFolder,
  type ClusterJob,
} from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { collect, sampleManager, snapshot } from '../support/sample-manager.ts'
import { enginePlan } from './engine-plans.ts'
import { samplePlan } from './sample-plan.ts'

const never = new AbortController().signal
const result = {
  duration: 12.5,
  completed: 320,
  failed: 1,
  total_input_tokens: 327_680,
  total_output_tokens: 81_920,
  request_throughput: 25.6,
  output_throughput: 6553.6,
  mean_ttft_ms: 80.5,
  median_ttft_ms: 70,
  p99_ttft_ms: 200,
  mean_tpot_ms: 4.1,
  median_tpot_ms: 4,
  p99_tpot_ms: 6,
}
const log = (value: unknown = result) => `INFO starting\n=== Serving Benchmark Result ===\nbud-benchmark-result ${JSON.stringify(value)}\n`

/** A cluster with the namespace that jobs run in. */
async function lab(options: Parameters<typeof createFakeKubernetes>[0] = {}) {
  const api = createFakeKubernetes(options)
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bud-inference' } }, never)
  return { ...sampleManager({ api, ...(options.podsBecomeReady === undefined ? {} : { clock: createFakeClock() }) }) }
}
const run = async (manager: Awaited<ReturnType<typeof lab>>['manager'], job: ClusterJob) => {
  let written = ''
  const events = await collect(manager.run(job, (text) => (written = text)))
  return { written, events }
}

describe('a benchmark', () => {
  test('runs in the cluster, gives a measurement, and leaves nothing', async () => {
    const { api, manager } = await lab({ readLog: () => log() })
    const before = snapshot(api)
    const { written, events } = await run(manager, benchmarkJob(samplePlan()))
    const found = readBenchmarkResult(samplePlan(), written)
    expect(found).toMatchObject({ completed: 320, outputTokensPerSecond: 6553.6, timeToFirstTokenMs: { p50: 70, p99: 200 } })
    expect(found.measurement).toMatchObject({
      model: 'meta-llama/Llama-3.1-8B-Instruct',
      hardware: 'h100-sxm',
      tp: '2',
      isl: '1024',
      osl: '256',
      ttft_ms_p50: '70',
    })
    expect(events.map(({ step, state }) => `${step} ${state}`)).toContain('run_performance_benchmark done')
    expect(snapshot(api)).toEqual(before)
  })

  test('becomes what the metrics of users are: one event for each request, the same ones however often they are made', async () => {
    const requests = [
      { startSeconds: 0, firstTokenSeconds: 0.08, gapSeconds: 1.02, inputTokens: 1024, outputTokens: 256, failed: false },
      { startSeconds: 0.5, firstTokenSeconds: 0, gapSeconds: 0, inputTokens: 1024, outputTokens: 0, failed: true },
    ]
    const run = { runId: 'r1', projectId: 'capacity', startedAtUnixMs: 1_700_000_000_000 }
    const found = readBenchmarkResult(samplePlan(), log({ ...result, requests }))
    const events = benchmarkEvents(samplePlan(), found, run)
    expect(events.map((event) => requestEventSchema.parse(event))).toEqual(events)
    expect(events[0]).toMatchObject({
      model: 'llama-3.1-8b',
      durationMs: 1100,
      timeToFirstTokenMs: 80,
      timePerOutputTokenMs: 4,
      outcome: 'success',
    })
    expect(events[1]).toMatchObject({ timeUnixMs: 1_700_000_000_500, status: 502, outcome: 'error' })
    await using sink = createMemorySink()
    await sink.write(events, never)
    await sink.write(benchmarkEvents(samplePlan(), found, run), never)
    expect(sink.events).toHaveLength(2)
  })

  test('may run where every node has accelerators', () => {
    const job = benchmarkJob(samplePlan()).manifests.find(({ kind }) => kind === 'Job')
    expect(JSON.stringify(job?.spec)).toContain('"tolerations":[{"key":"nvidia.com/gpu","operator":"Exists"')
  })

  test('is refused with figures that make no sense', () => {
    expect(() => benchmarkJob(samplePlan(), {}, { requests: 0 })).toThrow(/requests/)
    expect(() => benchmarkJob(samplePlan(), {}, { timeoutSeconds: Number.NaN })).toThrow(/timeoutSeconds/)
    expect(() => benchmarkJob(samplePlan(), { namespace: 'Not A Label' })).toThrow(/namespace/)
  })

  test('calls as the gateway does, whose labels the engine lets in', () => {
    const { manifests } = benchmarkJob(samplePlan(), { callers: { podLabels: { app: 'gateway' } } })
    expect(JSON.stringify(manifests)).toContain('"app":"gateway"')
  })

  test('that measured nothing is an error', () => {
    expect(() => readBenchmarkResult(samplePlan(), 'Traceback')).toThrow(/its log has no result/)
    expect(() => readBenchmarkResult(samplePlan(), log({ ...result, completed: 0 }))).toThrow(/no request was answered/)
    expect(() => readBenchmarkResult(samplePlan(), log({ ...result, mean_tpot_ms: 'fast' }))).toThrow(/no valid 'mean_tpot_ms'/)
    expect(() => readBenchmarkResult(samplePlan(), 'bud-benchmark-result {')).toThrow(
      expect.toSatisfy(clusterErrors.BENCHMARK_UNREADABLE.is),
    )
  })
})

describe('a job', () => {
  const job = quantizationJob({ name: 'small', claimName: 'weights', from: 'qwen', to: 'qwen-w4', scheme: 'W4A16' })

  test('at any crash goes on when it is run again, and leaves nothing', async () => {
    let points = 0
    for (let limit = 1; ; limit += 1) {
      const state = { count: Number.NEGATIVE_INFINITY, dead: false }
      const { api, manager } = await lab({
        readLog: () => 'done',
        onRequest: () => {
          state.count += 1
          state.dead ||= state.count >= limit
          if (state.dead) throw new Error('killed')
        },
      })
      const before = snapshot(api)
      state.count = 0
      const died = await run(manager, job).then(
        () => false,
        () => true,
      )
      Object.assign(state, { count: Number.NEGATIVE_INFINITY, dead: false })
      expect((await run(sampleManager({ api }).manager, job)).written).toBe('done')
      expect(snapshot(api)).toEqual(before)
      if (!died) break
      points += 1
    }
    expect(points).toBeGreaterThan(8)
  })

  test('of a name that somebody else uses touches nothing', async () => {
    const { api, manager } = await lab()
    await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'small', namespace: 'bud-inference' } }, never)
    const before = snapshot(api)
    await expect(run(manager, job)).rejects.toSatisfy(clusterErrors.KUBERNETES_CONFLICT.is)
    expect(snapshot(api)).toEqual(before)
  })

  test('named like a deployment leaves that deployment alone, and the deployment leaves it', async () => {
    const { api, manager } = await lab({ readLog: () => 'done' })
    const plan = samplePlan()
    await collect(manager.apply(await manager.plan({ plan })))
    const before = snapshot(api)
    const twin = quantizationJob({ name: plan.name, claimName: 'weights', from: 'a', to: 'b', scheme: 'FP8' })
    await run(manager, twin)
    expect(snapshot(api)).toEqual(before)
    for (const manifest of twin.manifests) await api.apply(manifest, { fieldManager: 'bud-foundry' }, never)
    expect((await manager.plan({ plan })).diff).toBe('')
  })

  test('that another run left with other orders is not taken for this one', async () => {
    const requests: string[] = []
    const { api, manager } = await lab({ readLog: () => 'done', onRequest: (verb, resource) => requests.push(`${verb} ${resource}`) })
    const other = quantizationJob({ name: 'small', claimName: 'weights', from: 'qwen', to: 'elsewhere', scheme: 'FP8' })
    for (const manifest of other.manifests) await api.apply(manifest, { fieldManager: 'bud-foundry' }, never)
    requests.length = 0
    await run(manager, job)
    const writes = requests.filter((request) => /^(apply|delete) Job/.test(request))
    expect(writes).toEqual(['delete Job bud-inference/small', 'apply Job bud-inference/small', 'delete Job bud-inference/small'])
  })

  test('is run by one operator at a time, and in a namespace that exists', async () => {
    const { api } = await lab({ podsBecomeReady: () => false })
    const clock = createFakeClock()
    const [first, second] = ['a', 'b'].map((operator) => sampleManager({ api, operator, clock }).manager)
    if (first === undefined || second === undefined) throw new Error('there are two')
    for await (const { step } of first.run(job, () => undefined)) {
      if (step !== job.step) continue
      await expect(run(second, job)).rejects.toSatisfy(clusterErrors.OPERATOR_BUSY.is)
      break
    }
    await expect(run(second, { ...job, namespace: 'absent' })).rejects.toThrow(/namespace 'absent' does not exist; make it first/)
  })

  test('checks what it is asked for', () => {
    expect(() => quantizationJob({ name: 'a', claimName: 'c', from: '../x', to: 'y', scheme: 'FP8' })).toThrow(/inside the claim/)
    expect(() => quantizationJob({ name: 'a', claimName: 'c', from: 'x', to: 'y', scheme: 'W4A16', method: 'gptq' })).toThrow(
      /name a file of texts/,
    )
    const build = { name: 'b', builder: 'kaniko', source: { kind: 'dockerfile', text: 'FROM x' } } as const
    expect(() => imageBuildJob({ ...build, destination: 'no-registry' })).toThrow(/a reference with registry and tag/)
    expect(() =>
      imageBuildJob({
        ...build,
        destination: 'r.local/x:1',
        source: { kind: 'git', repository: 'https://user:pw@git/x', revision: 'main' },
      }),
    ).toThrow(/without credentials/)
  })

  test('that builds names its context for either builder', () => {
    const source = { kind: 'git', repository: 'https://git.example.test/e.git', revision: 'v1', folder: 'docker' } as const
    const of = (builder: 'kaniko' | 'buildkit') =>
      JSON.stringify(imageBuildJob({ name: 'b', builder, source, destination: 'r.local:5000/e:1' }).manifests)
    expect(of('kaniko')).toContain('--context=git://git.example.test/e.git#v1')
    expect(of('buildkit')).toContain('context=https://git.example.test/e.git#v1:docker')
  })
})

describe('a folder for GitOps', () => {
  const gitOps = { repository: 'https://git.example.test/apps.git', folder: 'chat' }

  test('is one file for each object in order, and the object that makes Argo CD watch it', () => {
    const { files } = renderFolder(enginePlan('vllm'), { modelSource: { kind: 'huggingFace' } }, { ...gitOps, tool: 'argocd' })
    expect(files.map(({ path }) => path)).toEqual([
      '00-namespace-bud-inference.yaml',
      '01-network-policy-llama-chat.yaml',
      '02-persistent-volume-claim-llama-chat-models.yaml',
      '03-config-map-llama-chat-download.yaml',
      expect.stringMatching(/^04-job-llama-chat-download-/),
      '05-pod-disruption-budget-llama-chat.yaml',
      '06-service-llama-chat.yaml',
      '07-deployment-llama-chat.yaml',
      'application.yaml',
    ])
    // Safe: files of our own rendering.
    const waves = files
      .slice(0, -1)
      .map(({ content }) =>
        Number(
          (parse(content) as { metadata: { annotations: Record<string, string> } }).metadata.annotations['argocd.argoproj.io/sync-wave'],
        ),
      )
    expect(waves).toEqual([-3, -2, -2, -2, -1, -2, -2, 0])
  })

  test('lists itself for Flux', () => {
    const { files } = renderFolder(samplePlan(), { namespace: 'team-a' }, { ...gitOps, tool: 'flux' })
    const list = files.find(({ path }) => path === 'kustomization.yaml')
    expect(parse(list?.content ?? '')).toMatchObject({ resources: files.slice(0, -2).map(({ path }) => path) })
    expect(files.at(-1)?.content).toContain('targetNamespace: team-a')
  })

  test.each([
    [{ repository: 'https://user:canary@git.example.test/apps.git' }, 'without credentials'],
    [{ folder: '../other' }, 'inside the repository'],
    [{ revision: '--upload-pack=x' }, 'a branch, tag or commit'],
  ])('is refused for %j', (change, message) => {
    expect(() => renderFolder(samplePlan(), {}, { ...gitOps, tool: 'flux', ...change })).toThrow(message)
  })

  test('has no secret of the plan in it, and says that it must not be used', () => {
    const launch = {
      ...samplePlan().launch,
      env: { HF_TOKEN: 'hf_canary_5d1f' },
      args: ['m', '--api-key', 'canary-key', '--tokenizer', 'm'],
    }
    const { files, findings } = renderFolder(samplePlan({ launch }), {}, { ...gitOps, tool: 'argocd' })
    expect(JSON.stringify(files)).not.toMatch(/canary/)
    expect(JSON.stringify(files)).toContain('--tokenizer')
    expect(findings.filter(({ severity }) => severity === 'blocker').map(({ field }) => field)).toEqual([
      'launch.env.HF_TOKEN',
      'launch.args[2]',
    ])
  })

  test('is the same for the same plan', () => {
    const render = () => renderFolder(samplePlan(), {}, { ...gitOps, tool: 'flux' })
    expect(render()).toEqual(render())
  })
})
