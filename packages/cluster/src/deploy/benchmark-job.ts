/** A benchmark of a deployment from inside its cluster: `vllm bench serve` against its Service, and its result as measurements. */
import { deploymentPlanSchema, resolveConfig, type DeploymentPlan } from '@bud-foundry/core'
import { z } from 'zod'
import { jobManifests, type ClusterJob } from './cluster-job.ts'
import { mirrored } from './image-reference.ts'
import { tolerations } from './node-placement.ts'
import { renderOptionsSchema, type RenderOptionsInput } from './render-options.ts'

const benchmarkSchema = z.strictObject({
  /** How many requests; ten for each that runs at once when absent. */
  requests: z.int().positive().max(10_000).optional(),
  /** Any image with `vllm`. */
  image: z.string().min(1).default('vllm/vllm-openai:v0.11.0'),
  timeoutSeconds: z
    .int()
    .positive()
    .max(24 * 3600)
    .default(3600),
})

export type BenchmarkOptions = Readonly<z.input<typeof benchmarkSchema>>

/** Begins the one line of the log that has the result. */
export const benchmarkMarker = 'bud-benchmark-result '

/** One line that the log is searched for, whatever else was printed. What was generated stays in the pod, and gaps between tokens as their sum. */
const program = `import json
result = json.load(open("/tmp/result.json"))
result.pop("generated_texts", None)
columns = [result.pop(name, None) or [] for name in ("start_times", "ttfts", "itls", "input_lens", "output_lens", "errors")]
starts, firsts, gaps, inputs, outputs, errors = columns
begin = min(starts) if starts else None
result["requests"] = [
    {
        "startSeconds": starts[at] - begin if at < len(starts) else None,
        "firstTokenSeconds": firsts[at],
        "gapSeconds": sum(gaps[at]),
        "inputTokens": inputs[at],
        "outputTokens": outputs[at],
        "failed": bool(errors[at]) or outputs[at] == 0,
    }
    for at in range(min(map(len, columns[1:])))
]
print()
print("${benchmarkMarker}" + json.dumps(result))
`

/** The pods of the engine let callers in by their labels: the job calls as one of them. @throws CORE_CONFIG_INVALID. */
export function benchmarkJob(
  planInput: DeploymentPlan,
  optionsInput: RenderOptionsInput = {},
  benchmark: BenchmarkOptions = {},
): ClusterJob {
  const plan = resolveConfig('deployment plan', deploymentPlanSchema, planInput)
  const options = resolveConfig('deployment options', renderOptionsSchema, optionsInput)
  const { inputTokens, outputTokens, concurrency = 1 } = plan.workload
  const { requests = Math.ceil(concurrency * 10), image, timeoutSeconds } = resolveConfig('benchmark options', benchmarkSchema, benchmark)
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
      '--save-detailed',
      '--result-filename',
      '/tmp/result.json',
    ],
  ]
  const token = options.huggingFaceToken
  const manifests = jobManifests({
    name,
    namespace: options.namespace,
    timeoutSeconds,
    files: { 'result.py': program },
    container: {
      image: mirrored(image, options.imageRegistry),
      command: ['/bin/sh', '-c', 'vllm "$@" && exec python3 /job/result.py', 'bench'],
      args,
      env: [
        { name: 'HF_HOME', value: '/tmp/hf' },
        ...(token === undefined ? [] : [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: token.secretName, key: token.key } } }]),
      ],
      resources: { requests: { cpu: '2', memory: '4Gi' }, limits: { memory: '8Gi' } },
    },
    pod: {
      // It needs no device; but all nodes of a cluster may be those of accelerators.
      tolerations: tolerations(plan),
      ...(options.imagePullSecretNames.length === 0
        ? {}
        : { imagePullSecrets: options.imagePullSecretNames.map((secret) => ({ name: secret })) }),
    },
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
