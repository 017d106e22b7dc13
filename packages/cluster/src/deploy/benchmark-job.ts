/** A benchmark of a deployment from inside its cluster: `vllm bench serve` against its Service, and its result as measurements. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { jobManifests, type ClusterJob } from './cluster-job.ts'
import { mirrored } from './image-reference.ts'
import { renderOptionsSchema, type RenderOptionsInput } from './render-options.ts'

export interface BenchmarkOptions {
  /** How many requests; ten for each that runs at once when absent. */
  readonly requests?: number | undefined
  /** Any image with `vllm`. */
  readonly image?: string | undefined
  readonly timeoutSeconds?: number | undefined
}

const marker = 'bud-benchmark-result '

/** The pods of the engine let callers in by their labels: the job calls as one of them. */
export function benchmarkJob(plan: DeploymentPlan, optionsInput: RenderOptionsInput = {}, benchmark: BenchmarkOptions = {}): ClusterJob {
  const options = renderOptionsSchema.parse(optionsInput)
  const { inputTokens, outputTokens, concurrency = 1 } = plan.workload
  const { requests = concurrency * 10, image = 'vllm/vllm-openai:v0.11.0', timeoutSeconds = 3600 } = benchmark
  const name = `${plan.name}-bench`
  const args = [
    ...['bench', 'serve', '--backend', 'openai', '--base-url', `http://${plan.name}.${options.namespace}`, '--endpoint', '/v1/completions'],
    ...['--model', plan.model.servedName, '--tokenizer', plan.model.id, '--dataset-name', 'random', '--seed', '0'],
    ...['--random-input-len', String(inputTokens), '--random-output-len', String(outputTokens), '--ignore-eos'],
    ...['--num-prompts', String(requests), '--max-concurrency', String(concurrency)],
    ...[
      '--percentile-metrics',
      'ttft,tpot,itl,e2el',
      '--metric-percentiles',
      '50,95,99',
      '--save-result',
      '--result-filename',
      '/tmp/result.json',
    ],
  ]
  const token = options.huggingFaceToken
  const manifests = jobManifests({
    name,
    namespace: options.namespace,
    timeoutSeconds,
    container: {
      image: mirrored(image, options.imageRegistry),
      // One line that the log is searched for, whatever else the program prints.
      command: ['/bin/sh', '-c', `vllm "$@" && printf '\\n${marker}' && tr -d '\\n' < /tmp/result.json && echo`, 'bench'],
      args,
      env: [
        { name: 'HF_HOME', value: '/tmp/hf' },
        ...(token === undefined ? [] : [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: token.secretName, key: token.key } } }]),
      ],
      resources: { requests: { cpu: '2', memory: '4Gi' }, limits: { memory: '8Gi' } },
    },
    pod:
      options.imagePullSecretNames.length === 0
        ? {}
        : { imagePullSecrets: options.imagePullSecretNames.map((secret) => ({ name: secret })) },
  }).map((manifest) => (manifest.kind === 'Job' ? withCallerLabels(manifest, options.callers.podLabels) : manifest))
  return { name, namespace: options.namespace, step: 'run_performance_benchmark', manifests, timeoutMs: timeoutSeconds * 1000 }
}

function withCallerLabels(job: ReturnType<typeof jobManifests>[number], labels: Readonly<Record<string, string>>) {
  // Safe: jobManifests has just made it.
  const spec = job.spec as { readonly template: { readonly metadata: { readonly labels: Record<string, string> } } }
  const { template } = spec
  const metadata = { ...template.metadata, labels: { ...template.metadata.labels, ...labels } }
  return { ...job, spec: { ...spec, template: { ...template, metadata } } }
}

const amount = z.number().nonnegative()
/** Field names of `vllm bench serve --save-result`. */
const resultSchema = z.looseObject({
  duration: amount,
  completed: z.int().nonnegative(),
  failed: z.int().nonnegative().default(0),
  total_input_tokens: amount,
  total_output_tokens: amount,
  request_throughput: amount,
  output_throughput: amount,
  mean_ttft_ms: amount,
  median_ttft_ms: amount,
  p95_ttft_ms: amount.optional(),
  p99_ttft_ms: amount.optional(),
  mean_tpot_ms: amount,
  median_tpot_ms: amount,
  p99_tpot_ms: amount.optional(),
  mean_e2el_ms: amount.optional(),
  median_e2el_ms: amount.optional(),
})

export interface BenchmarkResult {
  readonly completed: number
  readonly failed: number
  readonly durationSeconds: number
  readonly requestsPerSecond: number
  readonly outputTokensPerSecond: number
  readonly timeToFirstTokenMs: {
    readonly mean: number
    readonly p50: number
    readonly p95: number | undefined
    readonly p99: number | undefined
  }
  readonly timePerOutputTokenMs: { readonly mean: number; readonly p50: number; readonly p99: number | undefined }
  readonly endToEndMs: { readonly mean: number; readonly p50: number } | undefined
  /** The row that `bud-sim validate` and `train` take. */
  readonly measurement: Readonly<Record<string, string>>
}

const text = (value: number | undefined) => (value === undefined ? '' : String(value))

/** @throws CLUSTER_BENCHMARK_UNREADABLE when the log has no result, or one in which nothing was answered. */
export function readBenchmarkResult(plan: DeploymentPlan, log: string): BenchmarkResult {
  const unreadable = (problem: string) => clusterErrors.BENCHMARK_UNREADABLE({ deployment: plan.name, problem })
  const line = log.split('\n').findLast((candidate) => candidate.startsWith(marker))
  if (line === undefined) throw unreadable('its log has no result')
  const parsed = resultSchema.safeParse(parseJson(line.slice(marker.length)))
  if (!parsed.success) throw unreadable(`its result has no valid '${parsed.error.issues[0]?.path.join('.') ?? ''}'`)
  const found = parsed.data
  if (found.completed === 0) throw unreadable('no request was answered')
  const { parallelism, precision, workload } = plan
  return {
    completed: found.completed,
    failed: found.failed,
    durationSeconds: found.duration,
    requestsPerSecond: found.request_throughput,
    outputTokensPerSecond: found.output_throughput,
    timeToFirstTokenMs: { mean: found.mean_ttft_ms, p50: found.median_ttft_ms, p95: found.p95_ttft_ms, p99: found.p99_ttft_ms },
    timePerOutputTokenMs: { mean: found.mean_tpot_ms, p50: found.median_tpot_ms, p99: found.p99_tpot_ms },
    endToEndMs:
      found.mean_e2el_ms === undefined || found.median_e2el_ms === undefined
        ? undefined
        : { mean: found.mean_e2el_ms, p50: found.median_e2el_ms },
    measurement: {
      model: plan.model.id,
      hardware: plan.hardwareId,
      tp: String(parallelism.tensor),
      pp: String(parallelism.pipeline),
      // Replicas share the requests, as data parallelism does.
      dp: String(parallelism.data * plan.replicas),
      ep: String(parallelism.expert),
      engine: plan.engine.id,
      engine_version: plan.engine.version,
      precision: precision.weights,
      kv_precision: precision.kvCache,
      isl: String(workload.inputTokens),
      osl: String(workload.outputTokens),
      concurrency: text(workload.concurrency),
      ttft_ms_mean: text(found.mean_ttft_ms),
      ttft_ms_p50: text(found.median_ttft_ms),
      tpot_ms_mean: text(found.mean_tpot_ms),
      tpot_ms_p50: text(found.median_tpot_ms),
      e2e_ms_mean: text(found.mean_e2el_ms),
      e2e_ms_p50: text(found.median_e2el_ms),
      output_tokens_per_s: text(found.output_throughput),
    },
  }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
