/** Quantizes a model in the cluster with llm-compressor: weights in from a claim, quantized weights out into another folder of it. */
import { z } from 'zod'
import { resolveConfig } from '@bud-foundry/core'
import { jobManifests, type ClusterJob } from './cluster-job.ts'
import { mirrored } from './image-reference.ts'

const label = z.string().regex(/^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/, 'a lower-case DNS label of at most 53 characters')
const folder = z
  .string()
  .regex(/^[\w.][-\w./]*$/, 'a folder of the claim, without a leading slash')
  .refine((path) => !path.split('/').includes('..'), 'a folder inside the claim')

export const quantizationSchema = z.strictObject({
  name: label,
  namespace: label.default('bud-inference'),
  claimName: z.string().min(1),
  from: folder,
  to: folder,
  /** FP8 and W8A8 for speed, W4A16 for memory. */
  scheme: z.enum(['FP8_DYNAMIC', 'FP8', 'W8A8', 'W4A16', 'W8A16']),
  method: z.enum(['rtn', 'gptq', 'awq']).default('rtn'),
  /** Texts for the methods that look at activations: a JSON Lines file of the claim, with a field `text`. */
  calibration: z
    .strictObject({
      file: folder,
      samples: z.int().positive().max(10_000).default(512),
      tokens: z.int().positive().max(32_768).default(2048),
    })
    .optional(),
  ignoreLayers: z.array(z.string()).readonly().default(['lm_head']),
  devices: z.strictObject({ resource: z.string().includes('/'), count: z.int().positive() }).optional(),
  image: z.string().min(1).default('ghcr.io/vllm-project/llm-compressor:0.8.1'),
  imageRegistry: z.string().optional(),
  memoryGiB: z.int().positive().default(64),
  timeoutSeconds: z
    .int()
    .positive()
    .default(6 * 3600),
})

export type QuantizationInput = Readonly<z.input<typeof quantizationSchema>>

// A folder with the mark is finished: the job may be run again. What a killed job left without it is made anew.
const program = `import json, os, pathlib, shutil
wanted = json.loads(os.environ["QUANTIZE"])
source, target = pathlib.Path("/claim", wanted["from"]), pathlib.Path("/claim", wanted["to"])
mark = target / ".complete"
if mark.exists() and mark.read_text() == os.environ["QUANTIZE"]:
    print("quantized already")
    raise SystemExit(0)
from llmcompressor import oneshot
from llmcompressor.modifiers.quantization import GPTQModifier, QuantizationModifier
from llmcompressor.modifiers.awq import AWQModifier
modifiers = {"rtn": QuantizationModifier, "gptq": GPTQModifier, "awq": AWQModifier}
recipe = modifiers[wanted["method"]](targets="Linear", scheme=wanted["scheme"], ignore=wanted["ignoreLayers"])
options = {"model": str(source), "recipe": recipe}
calibration = wanted.get("calibration")
if calibration:
    from datasets import load_dataset
    options["dataset"] = load_dataset("json", data_files=str(pathlib.Path("/claim", calibration["file"])), split="train")
    options["num_calibration_samples"] = calibration["samples"]
    options["max_seq_length"] = calibration["tokens"]
partial = target.with_name(target.name + ".partial")
shutil.rmtree(partial, ignore_errors=True)
oneshot(output_dir=str(partial), **options)
shutil.rmtree(target, ignore_errors=True)
partial.rename(target)
mark.write_text(os.environ["QUANTIZE"])
print(json.dumps({"bytes": sum(file.stat().st_size for file in target.rglob("*.safetensors"))}))
`

/** @throws CORE_CONFIG_INVALID, also for a method that needs calibration without any. */
export function quantizationJob(input: QuantizationInput): ClusterJob {
  const wanted = resolveConfig(
    'quantization',
    quantizationSchema.refine(({ method, calibration }) => method === 'rtn' || calibration !== undefined, {
      message: 'gptq and awq look at activations: name a file of texts',
      path: ['calibration'],
    }),
    input,
  )
  const { name, namespace, from, to, scheme, method, calibration, ignoreLayers, devices } = wanted
  const manifests = jobManifests({
    name,
    namespace,
    timeoutSeconds: wanted.timeoutSeconds,
    files: { 'quantize.py': program },
    container: {
      image: mirrored(wanted.image, wanted.imageRegistry),
      command: ['python3', '/job/quantize.py'],
      env: [
        { name: 'QUANTIZE', value: JSON.stringify({ from, to, scheme, method, calibration, ignoreLayers }) },
        { name: 'HF_HUB_OFFLINE', value: '1' },
      ],
      resources: {
        requests: {
          cpu: '4',
          memory: `${String(wanted.memoryGiB)}Gi`,
          ...(devices === undefined ? {} : { [devices.resource]: String(devices.count) }),
        },
        limits: {
          memory: `${String(wanted.memoryGiB)}Gi`,
          ...(devices === undefined ? {} : { [devices.resource]: String(devices.count) }),
        },
      },
      volumeMounts: [{ name: 'claim', mountPath: '/claim' }],
    },
    volumes: [{ name: 'claim', persistentVolumeClaim: { claimName: wanted.claimName } }],
    pod: devices === undefined ? {} : { tolerations: [{ key: devices.resource, operator: 'Exists', effect: 'NoSchedule' }] },
  })
  return { name, namespace, step: 'deploy_quantization_job', manifests, timeoutMs: wanted.timeoutSeconds * 1000 }
}
